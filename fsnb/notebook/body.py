"""The cell under `%%feature_view`: Python whose last expression is the value, compiled under the cell's own name.

IPython shows `Cell In[5], line 3` and the line itself for code that its compiler has cached, so the body is cached
there with the magic's line above it. An error of ours gets a note with the line; any other error is the user's own:
its traceback starts in the body, without the frames that lead there.
"""

from __future__ import annotations

import ast
import linecache
import textwrap
import traceback
from dataclasses import dataclass
from types import CodeType, TracebackType
from typing import Any

from fsnb.errors import DefinitionError, FsnbError

FEATURES = "the features, a mapping of name -> Ibis value: {'events': t.count()}"


@dataclass(frozen=True, slots=True)
class Body:
    """A compiled cell body: statements, then the expression that it comes to."""

    filename: str
    description: str
    statements: CodeType
    value: CodeType

    def run(self, scope: dict[str, Any]) -> Any:
        """The value in a scope of its own, which takes the body's assignments."""
        exec(self.statements, scope)
        return eval(self.value, scope)

    def explain(self, error: Exception, shell: Any) -> None:
        """Make an error that came out of the body point to its line; one that did not stays as it is."""
        trace = self._inside(error)
        if trace is None:
            return
        if isinstance(error, FsnbError):
            line = trace.tb_lineno
            error.add_note(f"  line {line} of the cell: {linecache.getline(self.filename, line).strip()}")
        else:
            # IPython asks the exception itself how to show it. dict, since not every exception takes attributes.
            vars(error)["_render_traceback_"] = lambda: shell.InteractiveTB.structured_traceback(
                type(error), error, trace, tb_offset=0
            )

    def _inside(self, error: BaseException | None) -> TracebackType | None:
        """The traceback from the body on, of the error or of what caused it."""
        while error is not None:
            for frame, _ in traceback.walk_tb(error.__traceback__):
                if frame.f_code.co_filename == self.filename:
                    return _from(error.__traceback__, frame)
            error = error.__cause__
        return None


def _from(trace: TracebackType | None, frame: Any) -> TracebackType | None:
    while trace is not None and trace.tb_frame is not frame:
        trace = trace.tb_next
    return trace


def compiled(who: str, first_line: str, cell: str, shell: Any, comes_to: str = FEATURES) -> Body:
    """Compile a cell's body.

    Parameters
    ----------
    who
        Whose body it is, for messages.
    first_line
        The magic's own line, which stands above the body: line numbers are the cell's.
    comes_to
        What its last expression must be, for a message.

    Raises
    ------
    DefinitionError
        Not Python, or nothing that it comes to.
    """
    text = f"{first_line}\n{textwrap.dedent(cell)}"
    filename = shell.compile.cache(text, shell.execution_count)
    try:
        tree = ast.parse("\n" + textwrap.dedent(cell), filename)
        last = tree.body.pop() if tree.body else None
        if not isinstance(last, ast.Expr | ast.Return) or last.value is None:
            raise DefinitionError(f"{who}: the cell must end with {comes_to}.")
        return Body(
            filename,
            ast.get_docstring(tree) or "",
            compile(tree, filename, "exec"),
            compile(ast.Expression(last.value), filename, "eval"),
        )
    except SyntaxError as error:
        line = f"\n  line {error.lineno} of the cell: {(error.text or '').strip()}" if error.lineno else ""
        raise DefinitionError(f"{who}: {error.msg}.{line}") from None
