"""A feature view as a cell of code: its entity, its source, its rules of time, its expressions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

import ibis.expr.operations as ops

from fsnb.errors import DefinitionError
from fsnb.model.code.literals import plain
from fsnb.model.code.relations import Relations
from fsnb.model.code.said import Said, Unwritable, text
from fsnb.model.code.values import Values
from fsnb.model.durations import show_duration
from fsnb.model.entity import Window

if TYPE_CHECKING:
    from fsnb.model.checking import Check
    from fsnb.model.source import Source
    from fsnb.model.view import FeatureView

WIDE = 100  # letters of a line, where it can be broken
USED = {"fsnb", "ibis", "store", "t", "float"}  # what the cell means by these names already
IMPORTS = {"fsnb.": "import fsnb", "ibis.": "import ibis"}  # where the code has this, it needs that


def view_code(view: FeatureView) -> str:
    """The Python that defines a feature view, entity and source with it; `store` is the notebook's store.

    Run, it gives the same fingerprint and the same features: what is written is built again and compared.

    Raises
    ------
    Unwritable
        Something in it has no Python that fsnb can write; the message names it.
    """
    try:
        return _written(view)
    except RecursionError:
        raise Unwritable(f"feature view {view.name!r} cannot be written as code: it is nested too deeply.") from None
    except Unwritable as why:
        raise Unwritable(f"feature view {view.name!r} cannot be written as code: {why}.") from None


def predicate_code(check: Check) -> str:
    """The Python of a check of one's own, with its condition as a function of the table.

    Raises
    ------
    Unwritable
        As `view_code`.
    """
    node = check.predicate.op()
    tables = {table: Said("t", table.to_expr()) for table in node.find(ops.UnboundTable)}
    said = Values(tables).expression(node)
    told = {"mostly": (check.option("mostly"), 1.0), "severity": (check.severity, "fail"), "on": (check.on, None)}
    more = [f"{name}={plain(value).text}" for name, (value, usual) in told.items() if value != usual]
    return f"fsnb.check({', '.join([text(check.name), f'lambda t: {said.text}', *more])})"


# ---------------------------------------------------------------------- a view


def _written(view: FeatureView) -> str:
    function = view.name if _is_free(view.name, USED) else "features"
    entity = _free(view.entity.name, "entity", USED | {function})
    source = _free(view.source.name, "source", USED | {function, entity})
    taken = (*USED, function, entity, source)
    steps, features = _features(view, taken)
    options = {"entity": entity, "source": source, **dict(_options(view, function))}
    lines = [
        *_entity(view, entity),
        *_source(view.source, source),
        "",
        "",
        *_call("@fsnb.feature_view", [f"{name}={said}" for name, said in options.items()]),
        f"def {function}(t):",
        *([f'    """{view.description}"""'] if _is_docstring(view.description) else []),
        *(f"    {line}" for line in steps),
        *(f"    {line}" for line in _mapping(features)),
    ]
    used = "\n".join(lines)
    imports = [line for sign, line in IMPORTS.items() if sign in used]
    return "\n".join([*imports, "", *lines])


def _features(view: FeatureView, taken: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The steps to the table that the features stand on, and each feature; built again, they are the view."""
    root = view.expression.op()
    tables = {
        table: Said("t", table.to_expr()) for table in root.find(ops.UnboundTable) if table.name == view.source.name
    }
    made = Relations(root, tables, taken)
    made.named(view.relation.op())
    said = {output.base: made.values.expression(output.value.op()) for output in view.outputs}
    again = view.with_values({base: each.value for base, each in said.items()})
    if (again.fingerprint, again.features) != (view.fingerprint, view.features):
        raise Unwritable("what would be written is another definition")
    return made.lines, {base: each.text for base, each in said.items()}


def _entity(view: FeatureView, variable: str) -> list[str]:
    keys = view.entity.keys
    shown = text(keys[0]) if len(keys) == 1 else plain(keys).text
    return [f"{variable} = fsnb.Entity({text(view.entity.name)}, keys={shown})"]


def _source(source: Source, variable: str) -> Iterator[str]:
    told: dict[str, Any] = {"event_time": source.event_time, "available": source.available}
    told |= {"tie_break": list(source.tie_break), "description": source.description}
    said = [f"{name}={plain(value).text}" for name, value in told.items() if value or name == "event_time"]
    if source.location is not None:
        yield from _call(f"{variable} = store.source", [text(source.name), text(source.location), *said])
        return
    schema = ", ".join(f"{text(name)}: {text(str(dtype))}" for name, dtype in source.schema.items())
    yield f"# {source.name} was a frame of the session that defined it: give its rows to store.source() to compute"
    yield from _call(f"{variable} = fsnb.Source", [text(source.name), "None", *said, f"schema={{{schema}}}"])


def _options(view: FeatureView, function: str) -> Iterator[tuple[str, str]]:
    """What is not as it is when nothing is said."""
    if function != view.name:
        yield "name", text(view.name)
    if view.windows:
        yield "windows", f"[{', '.join(map(_window, view.windows))}]"
    for name in ("lag", "ttl", "refresh"):
        if length := getattr(view, name):
            yield name, text(show_duration(length))
    if view.closed != "right":
        yield "closed", text(view.closed)
    if view.skip_nulls:
        yield "skip_nulls", "True"
    if view.fill:
        yield "fill", f"{{{', '.join(f'{text(name)}: {plain(value).text}' for name, value in view.fill)}}}"
    if view.description and not _is_docstring(view.description):
        yield "description", text(view.description)
    if view.owner:
        yield "owner", text(view.owner)
    if view.tags:
        yield "tags", plain(view.tags).text
    if view.checks:
        yield "checks", f"[{', '.join(check.code() for check in view.checks)}]"


def _window(window: Window) -> str:
    """As it was typed, since features are named for that: "24h" is no "1d"."""
    typed, _, offset = (part.replace("_", ".") for part in window.label.partition("_offset_"))
    for size in (typed, show_duration(window.size)):
        with suppress(DefinitionError):
            made = Window(size, offset or "0s")
            said = f"fsnb.Window({text(size)}, {text(offset)})" if offset else text(size)
            if (made.label, made.offset) == (window.label, window.offset):
                return said if made == window else _resized(said, window)
    raise Unwritable(f"the window {window.label!r} is {show_duration(window.size)} long")


def _resized(said: str, window: Window) -> str:
    made = said if said.startswith("fsnb.") else f"fsnb.Window({said})"
    return f"{made}.resized({text(show_duration(window.size))})"


# ---------------------------------------------------------------------- lines


def _call(function: str, args: Sequence[str]) -> list[str]:
    line = f"{function}({', '.join(args)})"
    return [line] if len(line) <= WIDE else [f"{function}(", *(f"    {each}," for each in args), ")"]


def _mapping(values: Mapping[str, str]) -> list[str]:
    items = [f"{text(name)}: {said}" for name, said in values.items()]
    line = f"return {{{', '.join(items)}}}"
    return [line] if len(line) <= WIDE else ["return {", *(f"    {each}," for each in items), "}"]


def _is_docstring(words: str) -> bool:
    """Whether a docstring of one line gives these very words."""
    strange = '"""' in words or "\\" in words or words.endswith('"') or words != words.strip()
    return bool(words) and words.isprintable() and not strange


def _free(name: str, otherwise: str, taken: set[str]) -> str:
    tried = (name, f"{name}_{otherwise}", otherwise, f"the_{otherwise}")
    return next(each for each in tried if _is_free(each, taken))


def _is_free(name: str, taken: set[str]) -> bool:
    """A name that Python keeps as it is (letters beyond ASCII may become others) and that means nothing else here."""
    return name.isascii() and name.isidentifier() and not iskeyword(name) and name not in taken
