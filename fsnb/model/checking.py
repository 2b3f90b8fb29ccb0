"""Check: one claim about the rows of a table, as a value that can be stored, shown as code and run on any engine.

What a check claims is plain data: its kind, its columns, its options. A predicate alone is an Ibis expression; it is
kept on an unbound table of the columns that it reads, so that it has a document and binds to whatever table has them.
`fsnb.checks` runs checks; a feature view only carries them, and they are no part of what it computes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
from ibis.common.deferred import Deferred

from fsnb.errors import DefinitionError, NotSupported, UnknownName, hint, listed
from fsnb.identity import dividing_floats, from_json, portable, to_json
from fsnb.identity.values import canonical, decode, encode
from fsnb.model.asked import not_there
from fsnb.model.code import predicate_code

SEVERITIES = ("fail", "warn", "info")
PLACES = ("source", "result")
CHECKED = "checked"
PREDICATE = "predicate"
# kind -> its options, in the order in which code names them
KINDS: Mapping[str, tuple[str, ...]] = {
    "not_null": ("mostly",),
    "null_rate": ("max_rate",),
    "unique": ("mostly",),
    "accepted_values": ("values", "mostly"),
    "in_range": ("min_value", "max_value", "include_min", "include_max", "mostly"),
    "freshness": ("within",),
    "row_count": ("min_value", "max_value"),
    "row_count_change": ("min_value", "max_value"),
    "column_type": ("dtype",),
    "pattern": ("regex", "mostly"),
    "increasing": ("order_by", "by", "strictly"),
    "references": ("to", "key", "mostly"),
    "baseline_drift": ("baseline", "level"),
    PREDICATE: ("mostly",),
}
# kind -> what its check is called unless the user names it
NAMES: Mapping[str, str] = {
    "not_null": "{columns} is not null",
    "null_rate": "null rate of {columns}",
    "unique": "{columns} unique",
    "accepted_values": "accepted values of {columns}",
    "in_range": "{columns} in range",
    "freshness": "freshness of {columns}",
    "row_count": "row count",
    "row_count_change": "row count change",
    "column_type": "type of {columns}",
    "pattern": "pattern of {columns}",
    "increasing": "{columns} increasing",
    "references": "{columns} in {to}",
    "baseline_drift": "drift{of}",
}
SEVERITY: Mapping[str, str] = {"baseline_drift": "warn"}  # kind -> its usual severity, where that is not "fail"
DEFAULTS: Mapping[str, Any] = {
    "baseline": None,
    "level": "alert",
    "mostly": 1.0,
    "include_min": True,
    "include_max": True,
    "min_value": None,
    "max_value": None,
    "by": (),
    "strictly": False,
}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Check:
    """One claim about a table's rows; made by `fsnb.check` and the functions of `fsnb.checks`.

    Attributes
    ----------
    kind
        What is claimed: "not_null", "in_range", ..., "predicate".
    name
        What a report calls it; one name stands for one check in a run.
    columns
        The columns that it is about, none for a claim about the table.
    options
        The rest of the claim, by name.
    severity
        "fail" stops what it guards, "warn" is shown there, "info" is only in the report.
    on
        Of a feature view's check: "source" (the rows before) or "result" (the features). None: where its columns are.
    predicate
        Of a predicate: the Ibis value, a deferred one, or a function of the table.
    other
        Of a reference: the Ibis table, where it was given as one.
    """

    kind: str
    name: str
    columns: tuple[str, ...]
    options: tuple[tuple[str, Any], ...] = ()
    severity: str = "fail"
    on: str | None = None
    predicate: Any = None
    other: Any = None

    def __post_init__(self) -> None:
        who = f"check {self.name!r}"
        if not isinstance(self.name, str) or not self.name.strip():
            raise DefinitionError(f"a check's name is {self.name!r}; give it words, e.g. 'fares are positive'.")
        if not all(isinstance(column, str) for column in self.columns):
            raise DefinitionError(f"{who}: columns are names, not {self.columns!r}.")
        if self.severity not in SEVERITIES:
            raise DefinitionError(
                f"{who}: severity={self.severity!r} is not one of {listed(SEVERITIES)}."
                f"{hint(str(self.severity), SEVERITIES)}"
            )
        if self.on not in (None, *PLACES):
            raise DefinitionError(f"{who}: on={self.on!r} is not one of {listed(PLACES)}.")

    def option(self, name: str) -> Any:
        return dict(self.options)[name]

    @property
    def reads(self) -> tuple[str, ...]:
        """Every column that it needs, those of its options too; of a predicate once it stands on a table."""
        if isinstance(self.predicate, ir.Expr):
            return tuple(dict.fromkeys(field.name for field in self.predicate.op().find(ops.Field)))
        more = (self.option(name) for name in KINDS[self.kind] if name in ("order_by", "by"))
        return tuple(dict.fromkeys([*self.columns, *(name for names in more for name in names)]))

    def value(self, table: ir.Table) -> ir.BooleanValue:
        """The predicate on a table that has the columns it reads.

        Raises
        ------
        UnknownName, DefinitionError
            A column is missing, or it is no boolean of this table.
        """
        who = f"check {self.name!r}"
        found = _on(self.predicate, table, who)
        if not isinstance(found, ir.BooleanValue):
            raise DefinitionError(f"{who}: its predicate is {found!r}, not a boolean such as _.amount > 0.")
        if any(relation != table.op() for relation in found.op().relations):
            raise DefinitionError(f"{who}: its predicate stands on another table. Write it with _, e.g. _.amount > 0.")
        return found.op().replace(dividing_floats).to_expr()

    def needs(self, table: ir.Table) -> None:
        """Refuse a table that lacks a column; the message names the nearest."""
        if isinstance(self.predicate, ir.Expr) or self.kind != PREDICATE:
            for column in self.reads:
                if column not in table.columns:
                    raise UnknownName.among(f"check {self.name!r}: the table", "column", column, table.columns)
        if self.kind == PREDICATE:
            self.value(table)

    def kept_on(self, table: ir.Table) -> Check:
        """The same check with its predicate as an expression on an unbound table of the columns that it reads.

        Raises
        ------
        NoStableIdentity
            The predicate holds what cannot be stored: a UDF, a memtable, `now()`, chance.
        """
        if self.kind != PREDICATE:
            return self
        value = self.value(table)
        used = [field.name for field in value.op().find(ops.Field) if field.rel == table.op()]
        columns = [name for name in table.columns if name in used] or [table.columns[0]]
        narrow = ibis.table({name: table.schema()[name] for name in columns}, name=CHECKED)
        kept = portable(value.op().replace({table.op(): narrow.op()}).to_expr())
        return replace(self, predicate=kept, columns=tuple(columns if used else ()))

    # ------------------------------------------------------------------ documents and code

    def to_doc(self) -> dict[str, Any]:
        """The check as JSON; `from_doc` reads it back without executing code.

        Raises
        ------
        DefinitionError
            A predicate that is not on a table yet (a feature view puts it on one), or a reference to an unnamed table.
        """
        if self.kind == PREDICATE and not isinstance(self.predicate, ir.Expr):
            raise DefinitionError(
                f"check {self.name!r}: its predicate has no columns yet. Put it on a table: check.kept_on(table)."
            )
        doc: dict[str, Any] = {
            "kind": self.kind,
            "name": self.name,
            "columns": list(self.columns),
            "severity": self.severity,
        }
        doc |= {"on": self.on, "options": {name: encode(value) for name, value in self.options}}
        return doc | ({"expression": to_json(self.predicate)} if self.kind == PREDICATE else {})

    @classmethod
    def from_doc(cls, doc: Mapping[str, Any]) -> Check:
        kind, options = doc["kind"], doc["options"]
        if kind not in KINDS:
            raise NotSupported(
                f"stored check {doc['name']!r}: kind {kind!r} is not one that fsnb knows: {listed(KINDS)}."
            )
        if set(options) != set(KINDS[kind]):
            raise DefinitionError(
                f"stored check {doc['name']!r}: {kind} takes {listed(KINDS[kind])}, not {listed(options)}."
            )
        found = tuple((name, decode(options[name])) for name in KINDS[kind])
        predicate = from_json(doc["expression"]) if kind == PREDICATE else None
        return cls(kind, doc["name"], tuple(doc["columns"]), found, doc["severity"], doc["on"], predicate)

    def code(self) -> str:
        """The Python that makes it.

        Raises
        ------
        NotSupported
            Of a predicate that is on no table yet, or whose expression has no Python that fsnb can write.
        """
        if self.kind == PREDICATE:
            if not isinstance(self.predicate, ir.Expr):
                raise NotSupported(f"check {self.name!r} is on no table yet. Put it on one: check.kept_on(table).")
            return predicate_code(self)
        said = [repr(column) for column in self.columns]
        said += [f"{name}={_code(value)}" for name, value in self.options if _says_something(name, value)]
        usual = usual_name(self.kind, self.columns, dict(self.options))
        severity = SEVERITY.get(self.kind, "fail")
        given = {"name": (self.name, usual), "severity": (self.severity, severity), "on": (self.on, None)}
        said += [f"{name}={value!r}" for name, (value, default) in given.items() if value != default]
        return f"fsnb.checks.{self.kind}({', '.join(said)})"

    def __repr__(self) -> str:
        return f"<Check {self.name}: {self.kind}, {self.severity}>"

    def _identity(self) -> Any:
        if self.kind == PREDICATE and not isinstance(self.predicate, ir.Expr):
            return id(self)
        return canonical(self.to_doc())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Check) and other._identity() == self._identity()

    def __hash__(self) -> int:
        return hash(self._identity())


def usual_name(kind: str, columns: Sequence[str], options: Mapping[str, Any]) -> str:
    """What a check is called that was given no name."""
    shown = ", ".join(columns)
    return NAMES[kind].format(columns=shown, to=options.get("to"), of=f" of {shown}" if columns else "")


def _on(predicate: Any, table: ir.Table, who: str) -> Any:
    """A deferred value, a function or a kept expression on this table."""
    try:
        if isinstance(predicate, Deferred):
            return predicate.resolve(table)
        if isinstance(predicate, ir.Expr):
            kept = {each: table.op() for each in predicate.op().find(ops.UnboundTable) if each.name == CHECKED}
            return predicate.op().replace(kept).to_expr()
        return predicate(table) if callable(predicate) else predicate
    except AttributeError as error:
        told = not_there(error, who, "the table")
        if told is None:
            raise
        raise told from error


def _code(value: Any) -> str:
    return repr(list(value)) if isinstance(value, tuple) else repr(value)


def _says_something(name: str, value: Any) -> bool:
    return name not in DEFAULTS or value != DEFAULTS[name]
