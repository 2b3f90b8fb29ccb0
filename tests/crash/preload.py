"""Imported once by the server that publishers are forked from: what fsnb would import lazily, and nothing that runs."""

import deltalake
import ibis.backends.duckdb
import ibis.backends.polars
import ibis.backends.postgres
import ibis.backends.sql.compilers.duckdb
import ibis.backends.sql.compilers.postgres
import psycopg
import pyarrow.csv
import sqlalchemy.dialects.sqlite
import sqlglot.dialects.duckdb
import sqlglot.dialects.postgres
import sqlglot.optimizer

import fsnb.store
import tests.crash.publisher

__all__ = ["deltalake", "fsnb", "ibis", "psycopg", "pyarrow", "sqlalchemy", "sqlglot", "tests"]
