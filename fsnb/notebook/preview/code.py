"""What was tried, as the code of a cell, with the names that the notebook has given to things."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from fsnb.model import Feature, FeatureView, Window, show_duration
from fsnb.store import FeatureStore
from fsnb.training import Preview
from fsnb.training.trial import Rules, Trial


def cell(preview: Preview, names: Mapping[str, Any]) -> str:
    """The view in view under the rules that are tried, and a training set with it."""
    trial = preview.trial()
    view, rules = preview.viewed(trial.view), preview.rules(trial.view)
    store, known = _variable(names, "store", FeatureStore), _Known(names)
    mine = known.view(view) or view.name
    changed = {**{one: known.view(one) or f"{store}.view({one.name!r})" for one in _views(preview)}, view: mine}
    asked = ", ".join(_asked(preview, changed, view, _renamed(view, rules)))
    train = next((name for name, value in known.values if value is preview.train), "train")
    spine = next((name for name, value in known.values if value is preview.train.plan.spine), f"{train}.plan.spine")
    before = known.view(view) or f"{store}.view({view.name!r})"
    return (
        f"# {_said(trial)}\n{mine} = {before}.with_rules({', '.join(_arguments(view, rules))})\n"
        f"{train} = {store}.training_set({spine}, [{asked}])"
    )


def _said(trial: Trial) -> str:
    return f"{trial.view}: {trial.words or 'its own rules'}; {trial.changed:,} of {trial.rows:,} rows looked at change"


class _Known:
    """The user's variables; not IPython's own `_`, `_5`."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self.values = [(name, value) for name, value in names.items() if name[:1] != "_"]

    def view(self, view: FeatureView) -> str | None:
        found = (name for name, value in self.values if isinstance(value, FeatureView) and value == view)
        return next(found, None)


def _variable(names: Mapping[str, Any], usual: str, kind: type) -> str:
    found = [name for name, value in names.items() if isinstance(value, kind) and name[:1] != "_"]
    return usual if usual in found or not found else found[0]


def _views(preview: Preview) -> list[FeatureView]:
    return [part.view for part in preview.train.plan.views]


def _renamed(view: FeatureView, rules: Rules) -> dict[str, str]:
    """The features' names where windows have other lengths."""
    sizes = {window.label: typed for window, typed in zip(view.windows, _typed(view, rules), strict=True)}
    return {
        output.name: f"{output.base}_{sizes[output.window.label].label}" if output.window else output.name
        for output in view.outputs
    }


def _typed(view: FeatureView, rules: Rules) -> list[Window]:
    now = dict(rules.windows)
    return [
        window if now[window.label] == window.size else Window(now[window.label], window.offset)
        for window in view.windows
    ]


def _arguments(view: FeatureView, rules: Rules) -> Iterator[str]:
    own = Rules.of(view)
    if rules.lag != own.lag:
        yield f'lag="{show_duration(rules.lag)}"'
    if rules.windows != own.windows:
        yield f"windows=[{', '.join(_window(window) for window in _typed(view, rules))}]"
        new = _renamed(view, rules)
        if view.fill:
            yield f"fill={ {new[name]: value for name, value in view.fill}!r}"
    if rules.over != own.over:
        then = {label: show_duration(size) for label, size in rules.over if size != dict(own.over)[label]}
        yield f"over={{{', '.join(f'{json.dumps(label)}: {json.dumps(size)}' for label, size in then.items())}}}"
    if rules.ttl != own.ttl:
        yield "ttl=None" if rules.ttl is None else f'ttl="{show_duration(rules.ttl)}"'


def _window(window: Window) -> str:
    label = window.label.partition("_offset_")[0]
    size = f'"{show_duration(window.size) if "_" in label else label}"'
    return f'fsnb.Window({size}, "{show_duration(window.offset)}")' if window.offset else size


def _asked(
    preview: Preview, written: Mapping[FeatureView, str], changed: FeatureView, new: Mapping[str, str]
) -> Iterator[str]:
    """The training set's features: a whole view where all of it was asked for as it is."""
    for part in preview.train.plan.views:
        view, mine = part.view, written[part.view]
        if [(f.name, f.alias) for f in part.features] == [(name, None) for name in view.features]:
            yield mine
        else:
            yield from (_feature(mine, feature, new if view == changed else {}) for feature in part.features)


def _feature(view: str, feature: Feature, new: Mapping[str, str]) -> str:
    named = f'.named("{feature.alias}")' if feature.alias else ""
    return f'{view}["{new.get(feature.name, feature.name)}"]{named}'
