"""What reading a database costs, beside bare ADBC."""

import os
import sys
from pathlib import Path

from ..postgresql import running
from .side_by_side import compare

ROWS = 1_000_000
TABLE = (
    "CREATE TABLE bench AS SELECT i AS id, timestamptz '2024-01-01' + i * interval '1 second' AS at,"
    " 'segment ' || i % 5 AS segment, 'shop ' || i % 1000 AS shop, "
    + ", ".join(f"random() AS n{k}" for k in range(12))
    + ", (i % 100)::int AS w1, (i % 7)::int AS w2, i % 3 = 0 AS yes, (random() > 0.5)::int AS label"
    f" FROM generate_series(1, {ROWS}) AS i"
)
OURS = """
from pathlib import Path
from overture.runtime.data.column import column
from overture.runtime.data.sources.sql import Sql
source, root = Sql(kind="sql", connection_env="BENCH", table="bench"), Path()
frame = source.read(root, dict.fromkeys(source.columns(root), column("text", nullable=True)))
assert frame.shape == (1_000_000, 20), frame.shape
"""
BARE = """
import os
import polars as pl
from adbc_driver_postgresql import dbapi
with dbapi.connect(os.environ["BENCH"]) as connection, connection.cursor() as cursor:
    cursor.execute("SELECT * FROM bench")
    frame = pl.DataFrame(pl.from_arrow(cursor.fetch_arrow_table()))
assert frame.shape == (1_000_000, 20), frame.shape
"""


def test_a_million_rows_of_postgresql_beside_bare_adbc(tmp_path: Path) -> None:
    with running() as server:
        server.run(TABLE)
        os.environ["BENCH"] = server.address
        ratio = compare(
            "a million rows of 20 columns from PostgreSQL beside bare ADBC",
            [sys.executable, "-c", OURS],
            [sys.executable, "-c", BARE],
            tmp_path,
        )

    assert ratio < 1.2
