"""The parser of a magic: it splits the line, writes the help, and tells completion the options.

A wrong argument raises our UsageError: IPython's own prints a line and lets the cell pass.
"""

from __future__ import annotations

import argparse
import shlex
from keyword import iskeyword
from typing import NoReturn

from fsnb.errors import UnknownName, UsageError

HELP = ("-h", "--help")


class Parser(argparse.ArgumentParser):
    """An argument parser that raises instead of leaving the process."""

    def __init__(self, prog: str, about: str, *, python: str, example: str) -> None:
        super().__init__(
            prog=prog,
            description=about,
            epilog=f"In Python: {python}\nExample:   {example}",
            add_help=False,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {message}.\n{' '.join(self.format_usage().split())}")

    @property
    def options(self) -> tuple[str, ...]:
        """The options as one types them, the long form of each."""
        return tuple(action.option_strings[-1] for action in self._actions if action.option_strings)

    def parse(self, line: str) -> argparse.Namespace | None:
        """The arguments of a line; None when it asked for help, which is then printed."""
        try:
            words = shlex.split(line)
        except ValueError as error:
            self.error(f"{str(error).lower()} in {line!r}")
        if any(word in HELP for word in words):
            print(self.format_help())
            return None
        self.usage = self.usage or self.format_usage().removeprefix("usage: ").strip().replace("%", "%%")
        found, unknown = self.parse_known_intermixed_args(words)  # which formats the usage a second time
        for word in unknown:
            if word.startswith("-"):
                raise UnknownName.among(self.prog, "option", word.partition("=")[0], self.options)
            self.error(f"{word!r} is one argument too many")
        return found


def quoted(word: str) -> str:
    """A word of a search as it was typed, before the line was split: `owner:data platform` in quotes again."""
    field, colon, value = word.partition(":")
    return f'{field}{colon}"{value}"' if " " in value else word


def variable(text: str) -> str:
    """The name of a variable to define."""
    if not text.isidentifier() or iskeyword(text):
        raise argparse.ArgumentTypeError(f"{text!r} cannot be a variable")
    return text


def defines(parser: Parser, default: str | None, what: str) -> None:
    said = f"variable to define: {what}" + (f" (default: {default})" if default else "")
    parser.add_argument("-o", "--out", metavar="NAME", type=variable, default=default, help=said)
