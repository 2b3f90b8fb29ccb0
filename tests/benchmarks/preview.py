"""How long a slider of the preview takes to answer, on the flights: `python -m tests.benchmarks.preview`.

Each slider of each view is moved to every length that it has, in an order drawn with a seed, so that no answer is
kept from before. Measured is one message, from what the browser sends to the last trait that is set: the row, the
sample of 1,000 rows, and the HTML of both. Prints the processor time of the process (all threads) and the wall time, in
milliseconds; asserts no time. The browser waits 80 ms after the last move before it asks.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl

import fsnb
from fsnb.demo import flights, views
from fsnb.notebook.preview import widget_of
from fsnb.notebook.preview.sliders import Slider, sliders
from fsnb.training import Preview

ROW = 20017
Times = tuple[float, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="a folder to keep the flights in; by default a temporary one")
    parser.add_argument("--rounds", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fsnb_bench_") as folder:
        preview = opened(Path(folder), asked.data or Path(folder) / "flights")
        told = f"{'cpu: median':>13}{'most':>6}{'wall: median':>14}{'most':>6}"
        print(f"{'view, slider':36}{'events':>9}{'moves':>7}{told}")
        for view in preview.views:
            measure(preview, view, asked.rounds)


def opened(folder: Path, data: Path) -> Preview:
    """The five views of the demo on 32,735 questions."""
    store, tables = fsnb.open(folder / "store"), flights.tables(data)
    asked = pl.read_parquet(tables.questions).gather_every(10)
    spine = fsnb.Spine(asked.select("tailnum", "carrier", "origin", "asked_at", "late"), at="asked_at", label="late")
    return store.training_set(spine, list(views.views(views.sources(store, tables)))).preview(ROW)


def measure(preview: Preview, view: str, rounds: int) -> None:
    ask = asking(preview)
    report(f"{view}, opened", preview, [ask("view", view)])
    for slider in sliders(preview.viewed(view), preview.rules(view)):
        report(f"{view}, {slider.label}", preview, [ask("rules", to) for _ in range(rounds) for to in moves(slider)])
        ask("reset", None)
    report(f"{view}, another row", preview, [ask("row", row) for row in random.Random(0).sample(range(30_000), 5)])
    ask("row", ROW)


def moves(slider: Slider) -> Iterator[dict[str, Any]]:
    """Everywhere but where it stands."""
    to = [words for step, words in zip(slider.steps, slider.words, strict=True) if step != slider.own]
    for words in random.Random(0).sample(to, len(to)):
        yield {"windows": {slider.name: words}} if slider.kind == "window" else {slider.kind: words}


def asking(preview: Preview) -> Callable[[str, Any], Times]:
    """Messages as the browser sends them; nothing is kept of what was tried before."""
    widget = widget_of(preview)

    def ask(do: str, value: Any) -> Times:
        for kept in [key for key in preview._kept if key[0] == "trial"]:
            del preview._kept[kept]
        cpu, wall = time.process_time(), time.perf_counter()
        widget._hear(widget, {"do": do, "value": value}, [])
        took = 1_000 * (time.process_time() - cpu), 1_000 * (time.perf_counter() - wall)
        assert widget.status == "" or "twice" in widget.status, widget.status
        return took

    return ask


def report(what: str, preview: Preview, times: list[Times]) -> None:
    cpu, wall = zip(*times, strict=True)
    events = preview.sampled(preview.view).events or 0
    shown = (statistics.median(cpu), max(cpu), statistics.median(wall), max(wall))
    told = f"{shown[0]:13.0f}{shown[1]:6.0f}{shown[2]:14.0f}{shown[3]:6.0f}"
    print(f"{what:36}{events:9,}{len(times):7}{told}", flush=True)


if __name__ == "__main__":
    main()
