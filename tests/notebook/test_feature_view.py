"""`%%feature_view`: a cell's body becomes a feature view, and its errors point to its lines."""

from __future__ import annotations

import pytest

import fsnb
from fsnb.errors import DefinitionError, UnknownName, UsageError
from tests.notebook.conftest import PLANE_DELAYS, Notebook, plane_delays

HEAD = "%%feature_view v --entity plane --source flights"


def test_view_equals_the_one_made_in_python(notebook: Notebook) -> None:
    shown = notebook.ok(PLANE_DELAYS)
    made = plane_delays(notebook["flights"])
    assert notebook["plane_delays"].to_doc() == made.to_doc()
    assert notebook["store"].catalog.get("view", "plane_delays").body["fingerprint"] == made.fingerprint
    assert shown.html.count("<section") == 1


def test_every_option_reaches_the_view(notebook: Notebook) -> None:
    notebook.ok(
        f"{HEAD} --ttl 2h --lag 1h --refresh 1d --closed left --skip-nulls --owner ops --tag a --tag b\n"
        "{'last': t.arr_delay}"
    )
    doc = notebook["v"].to_doc()
    want = {"ttl": "2h", "lag": "1h", "refresh": "1d", "closed": "left", "skip_nulls": True, "owner": "ops"}
    assert {name: doc[name] for name in want} == want
    assert doc["tags"] == ["a", "b"]


def test_another_variable_may_be_named(notebook: Notebook) -> None:
    notebook.ok(f"{HEAD} -o mine\n{{'n': t.count()}}")
    assert notebook["mine"].name == "v"
    assert "v" not in notebook


def test_body_sees_deferred_ibis_and_the_users_variables(notebook: Notebook) -> None:
    notebook.ok("late = 15")
    notebook.ok(f"{HEAD}\n{{'late': (_.arr_delay > late).mean(), 'big': ibis.ifelse(t.arr_delay > 60, 1, 0).sum()}}")
    assert notebook["v"].features == ("late", "big")


def test_body_may_compare_windows(notebook: Notebook) -> None:
    notebook.ok(f"{HEAD} --windows 1d\n{{'trend': t.count() / fsnb.over(t.count(), '7d')}}")
    assert notebook["v"].features == ("trend_1d",)
    assert "window (c - 7d, c]" in notebook["v"].rules()


def test_body_leaves_the_users_variables_alone(notebook: Notebook) -> None:
    notebook.ok("t, late = 'mine', 1")
    notebook.ok(f"{HEAD}\nlate = 15\nnew = t.arr_delay\n{{'late': (new > late).mean()}}")
    assert (notebook["t"], notebook["late"], "new" in notebook) == ("mine", 1, False)


def test_indented_body_and_return_are_understood(notebook: Notebook) -> None:
    notebook.ok(f'{HEAD}\n    """Pasted from a function."""\n    return {{"n": t.count()}}')
    assert notebook["v"].description == "Pasted from a function."


def test_comprehension_in_the_body_sees_its_names(notebook: Notebook) -> None:
    notebook.ok(f"{HEAD}\nlimits = [15, 60]\n{{f'over_{{n}}': (t.arr_delay > n).mean() for n in limits}}")
    assert notebook["v"].features == ("over_15", "over_60")


def test_unknown_column_points_to_its_line(notebook: Notebook) -> None:
    ran = notebook.run(f"{HEAD}\nx = 1\n{{'mean': t.arr_dely.mean()}}")
    assert isinstance(ran.error, UnknownName)
    assert ran.printed.splitlines() == [
        "UnknownName: feature view 'v': source 'flights' has no column 'arr_dely'. Did you mean 'arr_delay'? "
        "It has: tailnum, dep_time, landed_at, arr_delay.",
        "  line 3 of the cell: {'mean': t.arr_dely.mean()}",
    ]


def test_error_of_the_users_own_shows_the_body_and_none_of_our_frames(notebook: Notebook) -> None:
    ran = notebook.run(f"{HEAD}\nx = 1\ny = nope + x\n{{'n': t.count()}}")
    assert isinstance(ran.error, NameError)
    assert "----> 3 y = nope + x" in ran.printed
    assert "NameError: name 'nope' is not defined" in ran.last_line
    assert "fsnb" not in ran.printed


def test_error_in_a_function_of_the_user_shows_the_way_from_the_body(notebook: Notebook) -> None:
    notebook.ok("def broken(t):\n    return t.arr_delay / {}['key']")
    ran = notebook.run(f"{HEAD}\n{{'n': broken(t).mean()}}")
    assert isinstance(ran.error, KeyError)
    assert "----> 2 {'n': broken(t).mean()}" in ran.printed
    assert "----> 2     return t.arr_delay / {}['key']" in ran.printed
    assert "magics.py" not in ran.printed


def test_bug_of_ours_shows_its_whole_traceback(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    def register(self: object, view: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(fsnb.FeatureStore, "register", register)
    ran = notebook.run(f"{HEAD}\n{{'n': t.count()}}")
    assert isinstance(ran.error, RuntimeError)
    assert "magics.py" in ran.printed
    assert 'raise RuntimeError("a bug")' in ran.printed


def test_syntax_error_points_to_its_line(notebook: Notebook) -> None:
    ran = notebook.run(f"{HEAD}\nx = 1\ny = = 2\n{{'n': t.count()}}")
    assert isinstance(ran.error, DefinitionError)
    assert ran.printed.splitlines() == [
        "DefinitionError: feature view 'v': invalid syntax.",
        "  line 3 of the cell: y = = 2",
    ]


def test_body_that_comes_to_nothing_says_what_it_must_end_with(notebook: Notebook) -> None:
    for body in ("x = 1", "# nothing", "return"):
        ran = notebook.run(f"{HEAD}\n{body}")
        assert isinstance(ran.error, DefinitionError)
        assert "the cell must end with the features, a mapping of name -> Ibis value" in ran.last_line


def test_definition_error_after_the_body_is_two_lines_at_most(notebook: Notebook) -> None:
    ran = notebook.run(f"{HEAD}\n{{'n': t.count(), 'last': t.arr_delay}}")
    assert isinstance(ran.error, DefinitionError)
    assert ran.printed.startswith("DefinitionError: feature view 'v' mixes reductions (n) and plain columns (last).")
    assert len(ran.printed.splitlines()) == 1


def test_failed_definition_defines_and_records_nothing(notebook: Notebook) -> None:
    notebook.run(f"{HEAD}\n{{'mean': t.arr_dely.mean()}}")
    assert "v" not in notebook
    assert notebook["store"].views == ()


def test_missing_body_is_said(notebook: Notebook) -> None:
    ran = notebook.run("%feature_view v --entity plane --source flights")
    assert isinstance(ran.error, UsageError)
    assert "two % in the first line" in ran.last_line


def test_unknown_entity_and_source_name_the_nearest(notebook: Notebook) -> None:
    entity = notebook.run("%%feature_view v --entity plan --source flights\n{'n': t.count()}")
    assert entity.last_line == (
        "UnknownName: the notebook has no entity 'plan'. Did you mean 'plane'? It has: plane. "
        "Make one: plan = fsnb.Entity('plan', keys=...)."
    )
    source = notebook.run("%%feature_view v --entity plane --source flight\n{'n': t.count()}")
    assert "the store has no source 'flight'. Did you mean 'flights'? It has: flights." in source.last_line
