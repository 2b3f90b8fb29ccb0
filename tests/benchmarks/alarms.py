"""How often the alarm rule cries wolf, and what it finds: a simulation to run anew with any seed.

    python -m tests.benchmarks.alarms [--seed N] [--trials N]

Reference and current are drawn from one distribution, so that every alarm is false; the last lines move one of them.
The rule was set before these seeds were drawn. `test_verdicts` holds a short version of it.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from unittest import mock

import numpy as np

from fsnb.profiling import edges as cut
from fsnb.profiling.column import Column
from fsnb.profiling.numbers import Numbers
from fsnb.quality.comparing import compared

SIZES = ((100, 100), (300, 300), (1_000, 1_000), (3_000, 3_000), (10_000, 10_000), (100, 10_000), (10_000, 100))
BINS = 10
ALARMS = ("warn", "alert")
Draw = Callable[[np.random.Generator, int], np.ndarray]


def _skewed(k: int) -> Draw:
    shares = 1 / np.arange(1, k + 1)
    return lambda rng, n: rng.choice(k, n, p=shares / shares.sum())


DRAWS: dict[str, Draw] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "lognormal": lambda rng, n: rng.lognormal(0, 1.5, n),
    "zero-inflated": lambda rng, n: np.where(rng.random(n) < 0.7, 0.0, rng.lognormal(size=n)),
    "10 % NULL": lambda rng, n: np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n)),
    "counts": lambda rng, n: rng.poisson(3, n).astype(float),
    **{f"{k} categories": (lambda rng, n, k=k: rng.integers(0, k, n)) for k in (2, 5, 10, 20, 50)},
    **{f"{k} skewed categories": _skewed(k) for k in (10, 50)},
}
MOVED: dict[str, Draw] = {
    "normal, half a standard deviation": lambda rng, n: rng.normal(0.5, size=n),
    "lognormal, half a standard deviation of the logarithm": lambda rng, n: rng.lognormal(0.75, 1.5, n),
}


def column(values: np.ndarray, *, reference: bool) -> Column:
    """As a profile would count it: floats are numbers, integers categories."""
    known = values[~np.isnan(values)]
    distinct, counts = (part.tolist() for part in np.unique(known, return_counts=True))
    if values.dtype != float:
        categories = tuple((str(value), count) for value, count in zip(distinct, counts, strict=True))
        return Column("x", "string", "categorical", len(values), 0, categories=categories)
    numbers = Numbers(tuple(counts), tuple(distinct))
    found = Column("x", "float64", "numeric", len(values), len(values) - len(known), numbers=numbers, std=1.0)
    if not reference:
        return found
    atoms = cut.atoms(numbers.exact, len(known), BINS)
    deciles = cut.at_ranks(numbers.exact, cut.ranks(len(known), BINS))
    return replace(found, atoms=atoms, psi_edges=cut.edges(deciles, atoms))


def alarm(before: Draw, now: Draw, rng: np.random.Generator, n: int, m: int) -> bool:
    """Whether one column alarms, of n rows before and m now."""
    mine, theirs = column(before(rng, n), reference=True), column(now(rng, m), reference=False)
    return compared(mine, theirs).verdict in ALARMS


def reports(rng: np.random.Generator, n: int, m: int, trials: int, columns: int = 100) -> tuple[float, float]:
    """Of reports of so many columns without drift: the share with any alarm, and alarms a column."""
    draws = list(DRAWS.values())
    of = [draws[k % len(draws)] for k in range(columns)]
    counts = [sum(alarm(draw, draw, rng, n, m) for draw in of) for _ in range(trials)]
    return sum(count > 0 for count in counts) / trials, sum(counts) / trials / columns


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.alarms", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--trials", type=int, default=2_000)
    given = parser.parse_args()
    with mock.patch("fsnb.quality.shapes.ks_p", return_value=1.0):  # no part of a verdict, and most of the time
        _print(np.random.default_rng(given.seed), given.trials, given.seed)


def _print(rng: np.random.Generator, trials: int, seed: int) -> None:
    print(f"False alarms in %, of {trials:,} columns each (a quarter from 3,000 rows on), seed {seed}\n", flush=True)
    print(f"| shape, rows before and now | {' | '.join(_said(*size) for size in SIZES)} |\n|---|{'---|' * len(SIZES)}")
    for name, draw in DRAWS.items():
        rates = [_rate(draw, draw, rng, size, _fewer(trials, size)) for size in SIZES]
        print(f"| {name} | {' | '.join(f'{100 * rate:.2f}' for rate in rates)} |", flush=True)
    print("\n| rows | reports of 100 columns with an alarm, % | alarms a column, % |\n|---|---|---|")
    for size in SIZES:
        some, each = reports(rng, *size, max(_fewer(trials, size) // 100, 1))
        print(f"| {_said(*size)} | {100 * some:.0f} | {100 * each:.3f} |", flush=True)
    print("\n| moved, 2,000 rows | found, % |\n|---|---|")
    for (name, now), before in zip(MOVED.items(), ("normal", "lognormal"), strict=True):
        print(f"| {name} | {100 * _rate(DRAWS[before], now, rng, (2_000, 2_000), trials // 10):.1f} |", flush=True)


def _said(n: int, m: int) -> str:
    return f"{n:,}" if n == m else f"{n:,}, {m:,}"


def _fewer(trials: int, size: tuple[int, int]) -> int:
    """A quarter, where much has to be drawn."""
    return trials if min(size) < 3_000 else trials // 4


def _rate(before: Draw, now: Draw, rng: np.random.Generator, size: tuple[int, int], trials: int) -> float:
    return Counter(alarm(before, now, rng, *size) for _ in range(trials))[True] / trials


if __name__ == "__main__":
    main()
