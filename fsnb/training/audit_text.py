"""What an audit says in words: the verdict, the findings, the text. Pure functions, shared by text and HTML."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from fsnb.errors import listed
from fsnb.training.text import clip, count, show

if TYPE_CHECKING:
    from fsnb.training.audit import Audit
    from fsnb.training.audit_label import LabelCheck
    from fsnb.training.audit_meter import Effect, FeatureEffect
    from fsnb.training.audit_own import OwnRows
    from fsnb.training.audit_proof import Change, Proof

MOST = 8


def verdict(audit: Audit) -> str:
    """Passed, or what was found; then what could not be looked at."""
    problems = findings(audit)
    said = " ".join(problems) if problems else _passed(audit)
    return " ".join([said, *notes(audit)])


def findings(audit: Audit) -> list[str]:
    """A sentence for each kind of thing that fails the audit."""
    found = []
    if audit.changes:
        found.append(f"Leak: {_changed(audit.changes)} when what was not visible is hidden.")
    if audit.unstable:
        found.append(
            f"Unstable: {_changed(audit.unstable)} with nothing hidden; the source was changed since the rows were "
            "collected, or the expression gives another answer each time."
        )
    found += [f"Suspicious: {_suspect(check)}." for check in audit.suspects[:MOST]]
    found += [f"Own outcome: {read}, and rows see their own event." for read in audit.own_outcome[:MOST]]
    return found


def _changed(changes: Sequence[Change]) -> str:
    values = {(change.feature, change.row) for change in changes}
    features = Counter(feature for feature, _ in values)
    rows = len({row for _, row in values})
    which = listed(f"{feature} ({number:,})" for feature, number in features.most_common())
    return f"{count(len(values), '1 value', '{} values')} of {count(rows, '1 row', '{} rows')} change, in {which},"


def _suspect(check: LabelCheck) -> str:
    how = "by where it is NULL" if check.by == "NULL" else "alone"
    role = "" if check.role == "feature" else f"{check.role} "
    scored = f"{check.score.measure} {check.score.value:.3f} over {check.score.rows:,} rows"
    return f"{role}{check.column} {how} almost decides {check.label} ({scored})"


def _passed(audit: Audit) -> str:
    proven = [proof for proof in audit.proofs if proof.proven]
    values, cutoffs = sum(proof.values for proof in proven), sum(len(proof.cutoffs) for proof in proven)
    if not values:
        return "Passed, but nothing was hidden that could have changed a value."
    times = count(cutoffs, "1 cutoff", "{} cutoffs")
    return (
        f"Passed: {values:,} values at {times}, computed again without the future and with another one: none changed."
    )


def notes(audit: Audit) -> list[str]:
    """What the audit could not judge, and what is worth a look though it proves nothing."""
    said = []
    blind = [proof.view for proof in audit.proofs if not proof.proven]
    if blind and len(blind) < len(audit.proofs):
        said.append(f"Nothing was hidden from {listed(blind)}.")
    few = {check.column for check in audit.labels if check.verdict == "too few rows"}
    if few:
        said.append(f"Too few rows to judge by the label: {listed(sorted(few), 6)}.")
    rest = [read for read in audit.reads if read not in audit.own_outcome]
    if rest:
        said.append(f"Worth a look: {listed(map(str, rest), 3)}.")
    return said


# ---------------------------------------------------------------------- rows of tables, as text


def proof_row(proof: Proof) -> tuple[str, ...]:
    """View, cutoffs, values, what one cutoff hid, what changed."""
    hidden = [f"{_span(least, most)} rows of {source}" for source, least, most in proof.hidden]
    open_ = [f"{name} has no clock" for name in proof.open]
    changed = f"{proof.changed:,}" if proof.values else "not tried"
    return proof.view, f"{len(proof.cutoffs)}", f"{proof.values:,}", "; ".join([*hidden, *open_]), changed


def _span(least: int, most: int) -> str:
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"


def examples(changes: Iterable[Change], most: int = MOST) -> list[Change]:
    """A change of each feature and manipulation first, then more of them."""
    first: dict[tuple[str, str], Change] = {}
    rest = [c for c in changes if first.setdefault((c.feature, c.manipulation), c) is not c]
    return [*first.values(), *rest][:most]


def change_row(change: Change) -> tuple[str, ...]:
    before, after = (clip(show(value), 24) for value in (change.before, change.after))
    return f"{change.row}", change.feature, show(change.cutoff), before, after, change.manipulation


def told(effect: Effect, most: int = MOST) -> list[FeatureEffect]:
    """The features that other rules touch most: by what they would seem to be worth, then by changed rows."""
    touched = [one for one in effect.features if one.changed]
    return sorted(touched, key=lambda one: (-gain(one), -one.changed))[:most]


def gain(one: FeatureEffect) -> float:
    return one.then.value - one.now.value if one.now and one.then else 0.0


def effect_row(one: FeatureEffect, rows: int) -> tuple[str, ...]:
    """Feature, changed rows, share, score now and then."""
    scores = (f"{found.value:.3f}" if found else "" for found in (one.now, one.then))
    return one.feature, f"{one.changed:,}", f"{one.changed / rows:.1%}", *scores


def compared(effect: Effect) -> str:
    """`31,000 of 50,000 rows (62.0%), a sample of 327,346`."""
    part = "" if effect.rows == effect.of else f", of {effect.of:,} in the set"
    return f"{effect.changed:,} of {effect.rows:,} rows would differ ({effect.share:.1%}){part}"


def own_sentence(own: OwnRows) -> str:
    """How many rows have an event of their own, and whether the view sees it."""
    said = (
        f"{own.view}: {own.found:,} of {own.rows:,} rows have an event of their own in {own.source} at their {own.at}"
    )
    if not own.seen:
        return f"{said}; it is hidden from all of them"
    return f"{said}; {count(own.seen, '1 sees it', '{} see it')}: declare `available`, or closed='left'"


def by_score(checks: Iterable[LabelCheck], most: int = MOST) -> list[LabelCheck]:
    """The columns that tell the label best; what is judged suspicious first."""
    return sorted(checks, key=lambda check: (check.verdict != "decides the label", -check.score.value))[:most]


def label_row(check: LabelCheck) -> tuple[str, ...]:
    by = check.column if check.by == "value" else f"{check.column} is NULL"
    score = check.score
    return by, check.label, f"{score.measure} {score.value:.3f}", f"{score.rows:,}", f"{score.least:,}", check.verdict


# ---------------------------------------------------------------------- the whole text


def text(audit: Audit) -> str:
    """Verdict first, then a few lines per part."""
    lines = [f"{'passed' if audit.passed else 'FAILED'}: leak audit of {audit.fingerprint[:12]}, {audit.rows:,} rows"]
    lines += ["  " + audit.verdict, "", "without the future"]
    lines += _aligned(("view", "cutoffs", "values", "hidden at one cutoff", "changed"), map(proof_row, audit.proofs))
    shown = examples([*audit.changes, *audit.unstable])
    if shown:
        lines += ["", *_aligned(("row", "feature", "cutoff", "before", "after", "how"), map(change_row, shown))]
    for effect in audit.effects:
        lines += ["", f"{effect.name}: {compared(effect)}"]
        head = ("feature", "rows", "share", *(("now", "then") if _scored(effect) else ("", "")))
        lines += _aligned(head, (effect_row(one, effect.rows) for one in told(effect)))
    lines += ["", *map(own_sentence, audit.own)] if audit.own else []
    if audit.labels:
        lines += [
            "",
            *_aligned(
                ("tells", "label", "how well", "rows", "rarer class", ""), map(label_row, by_score(audit.labels, 5))
            ),
        ]
    return "\n".join(line.rstrip() for line in lines)


def _scored(effect: Effect) -> bool:
    return any(one.now or one.then for one in effect.features)


def _aligned(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    cells = [head, *rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(head))]
    return ["  " + "  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)) for line in cells]
