"""Rows from databases: types, faults and secrets, and that nothing is ever written."""

import datetime as dt
import sqlite3

import duckdb
import polars as pl
import pytest
from pydantic import ValidationError

from overture.runtime.data import query
from overture.runtime.data.column import column
from overture.runtime.data.sources.sql import Sql
from overture.runtime.errors import Mistake

from ....postgresql import running

ANY = column("text", nullable=True)


@pytest.fixture
def sqlite(tmp_path, monkeypatch):
    """A SQLite file in which values of all kinds stand in every column."""
    database = sqlite3.connect(tmp_path / "crm.db")
    database.execute("CREATE TABLE t (id integer, late, mixed, none, blob)")
    rows = [(i, None if i < 5000 else f"ü{i}", i if i < 3000 else i + 0.1, None, b"x") for i in range(6000)]
    database.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?)", rows)
    database.commit()
    database.close()
    monkeypatch.setenv("CRM", "sqlite:///crm.db")
    return tmp_path


def source(**keys):
    return Sql(kind="sql", connection_env="CRM", **keys)


def read(root, **keys):
    asked = source(**keys)
    return asked.read(root, dict.fromkeys(asked.columns(root), ANY))


def test_a_column_of_sqlite_has_the_type_that_all_its_values_have(sqlite):
    frame = read(sqlite, table="t")
    assert frame.schema == {
        "id": pl.Int64,
        "late": pl.String,
        "mixed": pl.Float64,
        "none": pl.String,
        "blob": pl.String,
    }
    assert frame.row(0) == (0, None, 0.0, None, "x")
    assert frame.row(-1) == (5999, "ü5999", 5999.1, None, "x")


def test_numbers_among_text_keep_their_digits(sqlite):
    frame = read(sqlite, query="SELECT 'x' AS a UNION ALL SELECT 0.1 + 0.2 UNION ALL SELECT 7")
    assert [frame["a"][0], float(frame["a"][1]), frame["a"][2]] == ["x", 0.1 + 0.2, "7"]


def test_a_query_gives_its_rows_in_its_order(sqlite):
    frame = read(sqlite, query="SELECT id, mixed AS m FROM t WHERE id < 4000 ORDER BY id DESC LIMIT 3;")
    assert frame.rows() == [(3999, 3999.1), (3998, 3998.1), (3997, 3997.1)]


def test_duckdb_gives_its_types(tmp_path, monkeypatch):
    with duckdb.connect(tmp_path / "crm.duckdb") as database:
        database.execute(
            "CREATE TABLE t AS SELECT 1::TINYINT AS a, 1.50::DECIMAL(9,2) AS b, DATE '2024-05-31' AS c, uuid() AS d, [1, 2] AS e, TRUE AS f"
        )
    monkeypatch.setenv("CRM", "duckdb:///crm.duckdb")
    frame = read(tmp_path, table="t")
    assert frame.select("a", "c", "e", "f").row(0) == (1, dt.date(2024, 5, 31), "[1, 2]", True)
    assert float(frame["b"][0]) == 1.5
    assert len(frame["d"][0]) == 36
    with pytest.raises(Mistake, match="query: the database refuses it"):
        read(tmp_path, query="SELECT * FROM '/etc/passwd'")


def test_any_other_is_read_through_sqlalchemy(sqlite, monkeypatch):
    monkeypatch.setenv("CRM", f"sqlite+pysqlite:///{sqlite / 'crm.db'}")
    frame = read(sqlite, query="SELECT id, late, mixed, 'a:b' AS c FROM t ORDER BY id")
    assert frame.row(-1) == ("5999", "ü5999", "5999.1", "a:b")
    assert frame.height == 6000


def test_postgresql_gives_its_types(postgres, tmp_path, monkeypatch):
    monkeypatch.setenv("CRM", postgres.address)
    postgres.run(
        "CREATE SCHEMA crm",
        "CREATE TABLE crm.all_types AS SELECT 1::int2 AS a, 0.1::numeric AS b, 'x'::char(3) AS c, NULL::float8 AS d,"
        " date '2024-05-31' AS e, timestamptz '2024-05-31 12:00+02' AS f, true AS g, '{1,2}'::int[] AS h, '1 day'::interval AS i",
    )
    frame = read(tmp_path, table="crm.all_types")
    moment = dt.datetime(2024, 5, 31, 10, tzinfo=dt.UTC)
    assert frame.row(0) == (1, "0.1", "x", None, dt.date(2024, 5, 31), moment, True, "{1,2}", "1 day")


def test_postgresql_gives_many_rows(postgres, tmp_path, monkeypatch):
    monkeypatch.setenv("CRM", postgres.address)
    asked = source(query="SELECT i AS id, i::text AS label FROM generate_series(1, 200000) AS i")
    scan = asked.scan(tmp_path, {"label": ANY, "id": ANY})
    sums = scan.select(pl.col("id").cast(int).sum(), pl.col("label").str.len_chars().max())
    assert sums.collect().row(0) == (20000100000, 6)
    assert scan.head(2).collect().rows() == [("1", 1), ("2", 2)]


def test_the_snapshot_is_the_query_and_its_rows(sqlite):
    asked = source(query="SELECT id FROM t")
    before = asked.snapshot(sqlite)
    assert before == asked.snapshot(sqlite)
    assert before["query"] == "SELECT id FROM t"
    with sqlite3.connect(sqlite / "crm.db") as database:
        database.execute("UPDATE t SET id = -1 WHERE id = 5")
    database.close()
    assert before["rows"] != asked.snapshot(sqlite)["rows"]


@pytest.mark.parametrize(
    "text",
    [
        "DELETE FROM t",
        "insert into t values (1)",
        "WITH gone AS (DELETE FROM t RETURNING *) SELECT * FROM gone",
        "SELECT 1; DROP TABLE t",
        "SELECT * INTO copy FROM t",
        "/* select */ UPDATE t SET a = 1",
        "ATTACH 'other.db' AS other",
        "COPY t TO '/lake/t.csv'",
        "-- all of it\nDELETE FROM t",
        "WITH gone AS (INSERT/**/INTO t VALUES (1) RETURNING *) SELECT * FROM gone",
        "WITH old AS (SELECT 1) DELETE FROM t",
        "SELECT ';' AS a; DELETE FROM t",
        "COPY t TO PROGRAM 'cat'",
        "EXPLAIN ANALYZE DELETE FROM t",
        "DO $$ BEGIN DELETE FROM t; END $$",
        "-- nothing",
    ],
)
def test_a_query_that_writes_is_refused_before_the_database_is_asked(text):
    with pytest.raises(ValidationError, match="the query is refused"):
        source(query=text)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 'delete from t; drop table t' AS a",
        'SELECT "insert into t" FROM t -- ; update t set a = 1',
        "(SELECT 1) UNION (SELECT 2);",
        "-- since 2020\n/* all */ SELECT 1 ; ; -- the end",
        "with a as (select update_time, created from t) select * from a",
        "SELECT $$;$$ AS a, $x$ delete from t $x$ AS b",
    ],
)
def test_a_query_that_reads_is_taken(text):
    assert query.fault(text) is None


def test_the_database_refuses_writing_itself(sqlite, postgres, monkeypatch):
    monkeypatch.setattr(query, "fault", lambda text: None)
    writing = Sql.model_construct(kind="sql", connection_env="CRM", query="DELETE FROM t RETURNING id", table=None)
    for address in ("sqlite:///crm.db", f"sqlite+pysqlite:///{sqlite / 'crm.db'}"):
        monkeypatch.setenv("CRM", address)
        with pytest.raises(Mistake, match="refuses it"):
            writing.columns(sqlite)
    monkeypatch.setenv("CRM", postgres.address)
    postgres.run(
        "CREATE TABLE kept AS SELECT 1 AS id",
        "CREATE FUNCTION empty() RETURNS int LANGUAGE sql AS 'DELETE FROM kept RETURNING id'",
    )
    monkeypatch.setattr("overture.runtime.data.databases.postgresql.volatile", lambda cursor, query: [])
    with pytest.raises(Mistake, match="cannot execute DELETE in a read-only transaction"):
        read(sqlite, query="SELECT empty() AS a")
    monkeypatch.setenv("CRM", postgres.address)
    assert read(sqlite, table="kept").height == 1
    monkeypatch.setenv("CRM", "sqlite:///crm.db")
    assert read(sqlite, table="t").height == 6000


@pytest.mark.parametrize("address", ["sqlite:///crm.db", "sqlite+pysqlite:///{}/crm.db", "postgresql"])
@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"table": "nothing"}, "table: the database refuses it.*nothing"),
        ({"query": "SELECT 1 AS a, 2 AS a"}, 'query: gives "a" more than once'),
        ({"query": "SELECT FROM FROM"}, "query: the database refuses it"),
    ],
)
def test_what_the_database_refuses_is_a_mistake(sqlite, postgres, monkeypatch, address, keys, said):
    monkeypatch.setenv("CRM", postgres.address if address == "postgresql" else address.format(sqlite))
    with pytest.raises(Mistake, match=said):
        read(sqlite, **keys)


def test_a_query_that_takes_too_long_is_a_mistake(postgres, tmp_path, monkeypatch):
    monkeypatch.setenv("CRM", postgres.address)
    with pytest.raises(Mistake, match="statement timeout"):
        read(tmp_path, query="SELECT pg_sleep(60)::text AS a", query_timeout=1)


def test_a_database_that_goes_away_while_it_is_read_is_a_mistake(tmp_path, monkeypatch):
    with running() as server:
        monkeypatch.setenv("CRM", server.address)
        asked = source(query="SELECT i AS id, repeat('x', 200) AS label FROM generate_series(1, 2000000) AS i")
        blocks = iter(asked.scan(tmp_path, {"id": ANY, "label": ANY}).collect_batches(maintain_order=True))
        next(blocks)
        server.kill()
        with pytest.raises(Mistake, match=r"connection_env: the database went away after [\d,]+ rows") as mistake:
            list(blocks)
        assert "s3cret" not in str(mistake.value)
        with pytest.raises(Mistake, match=r"connection_env: the database cannot be reached.*Is it running"):
            source(table="t", retries=1, timeout=1).columns(tmp_path)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("", "the environment variable CRM is not set"),
        ("crm.db", "the address must begin as"),
        ("sqlite:///none.db", "the sqlite file that it names is not there"),
        ("duckdb:///none.duckdb", "the duckdb file that it names is not there"),
        ("nosuch://me:s3cret@host/db", "SQLAlchemy cannot use its address"),
        ("mysql+pymysql://me:s3cret@host/db", "needs the package pymysql.*pip install pymysql"),
        ("postgresql://me:s3cret@127.0.0.1:9/db", "the database cannot be reached"),
    ],
)
def test_an_address_that_leads_nowhere_is_a_mistake_that_tells_no_secret(tmp_path, monkeypatch, address, said):
    monkeypatch.setenv("CRM", address)
    with pytest.raises(Mistake, match=f"connection_env: .*{said}") as mistake:
        source(table="t", retries=0).columns(tmp_path)
    assert "s3cret" not in str(mistake.value)


@pytest.mark.parametrize("keys", [{}, {"table": "t", "query": "SELECT 1"}])
def test_either_a_query_or_a_table_is_asked_for(keys):
    with pytest.raises(ValidationError, match="write either a query or a table"):
        source(**keys)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("SELECT pg_terminate_backend(1) AS a", "pg_terminate_backend"),
        ("SELECT 1 AS a FROM pg_catalog.PG_NOTIFY('a', 'b')", "pg_notify"),
        ("SELECT a.x AS a FROM of_a_view AS a", "pg_notify"),
        ('SELECT 1 AS a WHERE public."My own"() > 0', "My own"),
        ("VALUES (setval('numbers', 9)), (7)", "setval"),
        ("SELECT 1 AS a LIMIT pg_advisory_lock(1) IS NULL", "pg_advisory_lock"),
        ("SELECT lo_export(1, '/tmp/x') AS a", "lo_export"),
        ("SELECT query_to_xml('SELECT pg_reload_conf()', true, false, '')::text AS a", "query_to_xml"),
    ],
)
def test_a_function_that_may_do_more_than_read_is_refused_before_it_is_called(
    postgres, tmp_path, monkeypatch, text, name
):
    monkeypatch.setenv("CRM", postgres.address)
    postgres.run(
        "CREATE OR REPLACE VIEW of_a_view AS SELECT pg_notify('a', 'b')::text AS x",
        "CREATE SEQUENCE IF NOT EXISTS numbers",
        'CREATE OR REPLACE FUNCTION "My own"() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$',
    )
    text = text.replace("pg_advisory_lock(1) IS NULL", "(SELECT count(pg_advisory_lock(1)))")
    with pytest.raises(Mistake, match=f"query: the query is refused: the database says of {name} that more may happen"):
        read(tmp_path, query=text)


def test_functions_that_only_read_are_not_refused(postgres, tmp_path, monkeypatch):
    monkeypatch.setenv("CRM", postgres.address)
    postgres.run("CREATE OR REPLACE FUNCTION steady() RETURNS int LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN 1; END $$")
    text = "SELECT lower('setval(1)') AS a, random() >= 0 AS b, steady() AS c, now() IS NULL AS d -- pg_notify(1)"
    assert read(tmp_path, query=text).row(0) == ("setval(1)", True, 1, False)


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("sqlite:///crm.db", "SELECT load_extension('/tmp/x') AS a"),
        ("sqlite:///crm.db", "SELECT * FROM pragma_user_version(5)"),
        ("sqlite+pysqlite:///{}/crm.db", "SELECT load_extension('/tmp/x') AS a"),
        ("duckdb:///crm.duckdb", "FROM read_csv('/etc/passwd')"),
        ("duckdb:///crm.duckdb", "FROM glob('/*')"),
        ("duckdb:///crm.duckdb", "FROM query('COPY t TO ''copy.csv''')"),
        ("duckdb:///crm.duckdb", "SELECT nextval('numbers') AS a"),
    ],
)
def test_files_of_databases_do_nothing_but_give_rows(sqlite, monkeypatch, address, text):
    with duckdb.connect(sqlite / "crm.duckdb") as database:
        database.execute("CREATE TABLE t AS SELECT 1 AS a; CREATE SEQUENCE numbers")
    before = {it.name: it.read_bytes() for it in sqlite.iterdir()}
    monkeypatch.setenv("CRM", address.format(sqlite))
    with pytest.raises(Mistake, match="query: the database refuses it"):
        read(sqlite, query=text)
    assert {it.name: it.read_bytes() for it in sqlite.iterdir()} == before
