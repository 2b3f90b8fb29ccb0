"""What was killed where and what was found, as a markdown table."""

from __future__ import annotations

from collections.abc import Sequence

from tests.crash.kills import Found
from tests.crash.races import Race
from tests.crash.readers import Reading


def table(target: str, found: Sequence[Found], reads: int, seen: Sequence[str], seconds: float) -> str:
    """A line for each place where kills struck; then each violation in full."""
    lines = [
        "| killed | kills | nothing done | part done | all done | missed | violations |",
        "|---|---|---|---|---|---|---|",
    ]
    for where in sorted({each.where for each in found}):
        lines.append(_line(where, [each for each in found if each.where == where]))
    lines.append(_line("**all**", found))
    struck = sum(each.struck for each in found)
    looks = f", {reads:,} reads by onlookers with {len(seen)} violations" if reads else ""
    head = f"**{target}**: {struck} kills in {seconds / 60:.1f} minutes{looks}"
    wrong = [f"- {each.where}: {text}" for each in found for text in each.wrong] + [
        f"- onlooker: {text}" for text in seen
    ]
    return "\n".join([head, "", *lines, "", *wrong])


def _line(where: str, found: Sequence[Found]) -> str:
    struck = [each for each in found if each.struck]
    nothing = sum(each.done == 0 for each in struck)
    whole = sum(each.done == each.of for each in struck)
    wrong = sum(bool(each.wrong) for each in found)
    parts = (len(struck), nothing, len(struck) - nothing - whole, whole, len(found) - len(struck), wrong)
    return f"| {where} | " + " | ".join(str(part) for part in parts) + " |"


def race(target: str, publishers: int, steps: int, found: Race) -> str:
    """What came of a race, in a line; then each violation."""
    head = (
        f"**{target}**: {publishers} publishers over {steps} steps: {found.publications} publications, "
        f"{found.refusals} refusals that were tried again, {len(found.wrong)} violations, {found.seconds:.0f} s"
    )
    return "\n".join([head, "", *(f"- {text}" for text in found.wrong)])


def reading(target: str, found: Reading) -> str:
    """What readers saw, in a line; then each violation."""
    held = f", the file held {found.held:,} times" if found.held else ""
    head = (
        f"**{target}**: {found.reads:,} reads during {found.publications} publications{held}, {len(found.wrong)} "
        f"violations, the longest read {found.slowest * 1000:.0f} ms"
    )
    return "\n".join([head, "", *(f"- {text}" for text in found.wrong)])
