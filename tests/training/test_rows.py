"""A training set is an ordinary table, and its rows are the same from every engine."""

from __future__ import annotations

from typing import Any

import duckdb
import ibis
import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from fsnb.errors import DefinitionError, NotSupported
from fsnb.model import Spine
from fsnb.pit import ROW
from fsnb.training import TrainingSet
from tests.training.conftest import ASKED, ENGINES, LEGS, asof_view, at, legs, spine, train_on, window_view

FEATURES = ["n_2h", "n_1d", "mean_2h", "mean_1d", "seats_2h", "seats_1d", "delay", "last_seats"]
VALUES = [
    (0, 1, None, 4.0, -1, 4, None, None),
    (1, 2, None, 1.5, 3, 4, None, 3),
    (0, 0, None, None, -1, None, None, None),
    (1, 2, None, 1.5, 3, 4, None, 3),
    (0, 0, None, None, -1, None, None, None),
]


def test_rows_stand_in_spine_order_with_spine_columns_first(train: TrainingSet) -> None:
    rows = train.to_polars()
    assert rows.columns == ["tail", "asked", "late", *FEATURES] == list(train.columns)
    assert rows.select("tail", "asked", "late").equals(ASKED)
    assert rows.select(FEATURES).rows() == VALUES
    assert len(train) == rows.height == 5


def test_what_a_set_says_of_itself(train: TrainingSet) -> None:
    assert train.features == tuple(FEATURES)
    assert train.labels == ("late",)
    assert train.fingerprint == train.plan.fingerprint
    assert repr(train) == f"<TrainingSet {train.fingerprint[:12]}: 3 spine columns, 8 features, on {train.con.name}>"


def test_table_is_an_ordinary_lazy_table(train: TrainingSet) -> None:
    assert ROW not in train.table.columns
    kept = train.table.filter(train.table.tail == "a").aggregate(n=train.table.n_1d.sum())
    assert kept.to_pyarrow().to_pylist() == [{"n": 4}]


def test_engines_give_one_digest_and_one_schema() -> None:
    source = legs()
    sets = [train_on(make(), [window_view(source), asof_view(source)]) for make in ENGINES.values()]
    assert len({train.digest for train in sets}) == 1
    assert sets[0].to_arrow().schema.equals(sets[1].to_arrow().schema)


def test_digest_is_of_the_rows() -> None:
    con = ibis.duckdb.connect()
    other = legs(LEGS.with_columns(seats=pl.col("seats") + 1))
    plain, changed = (train_on(con, [window_view(source)]) for source in (legs(), other))
    assert plain.fingerprint == changed.fingerprint
    assert plain.digest != changed.digest


def test_rows_are_collected_once() -> None:
    con = ibis.duckdb.connect()
    data = LEGS.to_arrow()
    con.con.register("legs_frame", data)
    train = train_on(con, [window_view(legs(con.table("legs_frame")))])
    before = train.to_polars()
    con.con.register("legs_frame", data.slice(0, 0))
    assert train.to_polars().equals(before)
    assert train.table.n_1d.sum().to_pyarrow().as_py() == 0, "the table itself stays lazy"


def test_spine_without_an_order_comes_sorted_by_its_columns() -> None:
    con = ibis.duckdb.connect()
    con.con.execute("create table asked (tail varchar, asked timestamp, late bigint)")
    con.con.register("frame", ASKED.to_arrow())
    con.con.execute("insert into asked select * from frame")
    source = legs()
    train = train_on(con, [window_view(source)], spine(con.table("asked")))
    assert ROW not in train.spine.columns
    expected = ASKED.sort("tail", "asked", "late", nulls_last=False)
    assert train.to_polars().select(ASKED.columns).equals(expected)
    whys = [train.why(i, "n_1d") for i in range(5)]
    assert [why.spine["tail"] for why in whys] == expected["tail"].to_list()
    assert [why.value for why in whys] == train.to_polars()["n_1d"].to_list()


def test_pandas_mixes_up_neither_null_integers_nor_flags(con: Any) -> None:
    rows = ASKED.with_columns(flag=pl.Series([True, None, False, True, True]), sure=pl.lit(True), i=pl.lit(3, pl.Int32))
    frame = train_on(con, [window_view(legs())], spine(rows)).to_pandas()
    assert {name: str(dtype) for name, dtype in frame.dtypes.items() if name not in ("tail", "asked")} == {
        "late": "Int64",
        "flag": "boolean",
        "sure": "bool",
        "i": "int32",
        "n_2h": "int64",
        "n_1d": "int64",
        "mean_2h": "float64",
        "mean_1d": "float64",
        "seats_2h": "int64",
        "seats_1d": "Int64",
    }
    assert frame["late"].isna().tolist() == [False, False, False, True, False]
    assert np.isnan(frame["mean_1d"].to_numpy()).tolist() == [False, False, True, False, True]


def test_no_spine_rows_and_no_source_rows(con: Any) -> None:
    nobody = train_on(con, [window_view(legs())], spine(ASKED.clear()))
    assert nobody.to_polars().shape == (0, 9)
    assert len(nobody) == 0
    nothing = train_on(con, [window_view(legs(LEGS.clear()))])
    assert nothing.to_polars()["n_1d"].to_list() == [0] * 5


def test_sql_is_runnable_on_tables_of_the_sources_names(train: TrainingSet) -> None:
    reader = duckdb.connect()
    reader.register("legs", LEGS.to_arrow())
    reader.register("spine", ASKED.to_arrow())
    told = pl.DataFrame(reader.sql(train.sql("duckdb")).to_arrow_table())
    order = [pl.col(name) for name in told.columns]
    assert told.sort(order).equals(train.to_polars().sort(order))


def test_sql_speaks_the_engines_dialect_or_the_one_asked_for(train: TrainingSet) -> None:
    assert train.sql().startswith("-- duckdb; reads spine, legs")
    assert train.sql() == train.sql("duckdb")
    assert "EPOCH_US" in train.sql()
    assert "EPOCH_US" not in train.sql("postgres")
    assert "ASOF" not in train.sql("postgres")
    with pytest.raises(NotSupported, match="no SQL in dialect 'cobol'"):
        train.sql("cobol")


def test_save_lets_the_engine_write_a_table(train: TrainingSet) -> None:
    saved = train.save("kept")
    assert train.con.table("kept").count().to_pyarrow().as_py() == 5
    assert set(saved.columns) == set(train.columns)
    with pytest.raises(DefinitionError, match="has a table 'kept' already"):
        train.save("kept")
    train.save("kept", overwrite=True)


def test_column_types_do_not_depend_on_the_frame(con: Any) -> None:
    frames = [ASKED, ASKED.to_arrow(), ASKED.to_pandas(use_pyarrow_extension_array=True)]
    digests = {train_on(con, [window_view(legs())], Spine(frame, at="asked")).digest for frame in frames}
    assert len(digests) == 1


def test_aware_spine_time_comes_back_aware(con: Any) -> None:
    rows = ASKED.with_columns(pl.col("asked").dt.replace_time_zone("Europe/Paris"))
    train = train_on(con, [window_view(legs())], spine(rows))
    assert train.to_polars()["asked"].dt.convert_time_zone("UTC").to_list()[1].hour == at(3).hour
    assert pa.types.is_timestamp(train.to_arrow().schema.field("asked").type)
    assert train.to_polars().select(ASKED.columns).equals(rows)
    assert [train.why(i, "n_1d").value for i in range(5)] == train.to_polars()["n_1d"].to_list()
