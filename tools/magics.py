"""Writes docs/magics.md from the magics' own parsers: `python tools/magics.py`. A test holds the page to them."""

from __future__ import annotations

import re
from pathlib import Path

from fsnb.notebook.arguments import FS, MAGICS
from fsnb.notebook.magics import FsnbMagics
from fsnb.notebook.parsing import Parser

PAGE = Path(__file__).parents[1] / "docs" / "magics.md"
HEAD = """# Magics

`%load_ext fsnb` brings them. Each explains itself (`%train --help`, `%train?`), completes names, options and values
after TAB, and fails its cell with a short error. A magic returns its value: a cell that ends with it shows it once,
`x = %preview train` keeps it, and so does `-o NAME`. Nothing is displayed by itself, but the steps of what takes long
([progress](progress.md)). What a magic does, the Python call beside it does too.

This page is written from the magics' own parsers by `tools/magics.py`.
"""


def page() -> str:
    parts = [HEAD, "## The notebook's defaults\n", *_settings()]
    parts += ["## Define, train, look, publish\n", *(_section(parser) for parser in MAGICS.values())]
    parts += ["## The store\n", *(_section(parser) for parser in FS.values())]
    return "\n".join(parts).rstrip() + "\n"


def _settings() -> list[str]:
    names = ("path", "engine", "catalog", "target", "progress", "progress_after")
    traits = FsnbMagics.class_traits(config=True)
    rows = [f"| `%config FsnbMagics.{name} = {traits[name].default_value!r}` | {traits[name].help} |" for name in names]
    return ["| | |", "|---|---|", *rows, ""]


def _section(parser: Parser) -> str:
    said, _, rest = (parser.epilog or "").partition("\nExample:   ")
    example = "\n".join(line.removeprefix(" " * 11) for line in rest.splitlines())
    rows = [_row(action) for action in parser._actions]
    table = ["| | |", "|---|---|", *rows, ""] if rows else []
    lines = [f"### `{parser.prog}`\n", f"{parser.description}\n", *table]
    return "\n".join([*lines, f"```\n{example}\n```\n", f"Python: `{said.removeprefix('In Python: ')}`\n"])


def _row(action: object) -> str:
    options, metavar = getattr(action, "option_strings", []), getattr(action, "metavar", None)
    name = f"{options[-1]} {metavar or ''}".strip() if options else str(metavar)
    said = re.sub(r"%%", "%", getattr(action, "help", "") or "").replace("|", "\\|")
    return f"| `{name}` | {said} |"


if __name__ == "__main__":
    PAGE.write_text(page())
