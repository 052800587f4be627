"""Twenty columns of events, and the accounts they belong to, written a block at a time: python events.py FOLDER ROWS."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq

BLOCK = 1_000_000
EVENTS_AN_ACCOUNT = 20
PLANS = [f"plan {i}" for i in range(5)]
REGIONS = [f"region {i}" for i in range(50)]
PRODUCTS = [f"product {i}" for i in range(100)]
SHOPS = [f"shop {i}" for i in range(1000)]
TIERS = ["free", "paid", "partner"]
NUMBERS = [f"n{i}" for i in range(9)]
FEATURES = ["plan", "region", "product", "shop", *NUMBERS, "w0", "w1"]


def write(folder: Path, rows: int) -> None:
    """events.parquet and events.csv, the same rows, and accounts.parquet, of each account one."""
    parquet: pq.ParquetWriter | None = None
    with (folder / "events.csv").open("wb") as text:
        for first, block in _blocks(rows):
            table = block.to_arrow(compat_level=pl.CompatLevel.oldest())
            parquet = parquet or pq.ParquetWriter(folder / "events.parquet", table.schema, compression="zstd")
            parquet.write_table(table)
            block.write_csv(text, include_header=not first, datetime_format="%Y-%m-%dT%H:%M:%SZ")
    assert parquet is not None
    parquet.close()
    _accounts(rows // EVENTS_AN_ACCOUNT).write_parquet(folder / "accounts.parquet")


def _blocks(rows: int) -> Iterator[tuple[int, pl.DataFrame]]:
    rng = np.random.default_rng(7)
    for first in range(0, rows, BLOCK):
        size = min(BLOCK, rows - first)
        numbers = {name: rng.normal(size=size).round(6) for name in NUMBERS}
        numbers["n8"][rng.random(size) < 0.02] = np.nan
        at = rng.integers(1_700_000_000, 1_750_000_000, size)
        labels = {"plan": PLANS, "region": REGIONS, "product": PRODUCTS, "shop": SHOPS}
        frame = pl.DataFrame(
            {
                "event": np.arange(first, first + size),
                "account": rng.integers(0, rows // EVENTS_AN_ACCOUNT, size),
                "at": pl.Series(at).cast(pl.Int64) * 1_000_000,
                "updated": pl.Series(at + rng.integers(0, 100_000, size)) * 1_000_000,
                **{name: pl.Series(words).gather(rng.integers(0, len(words), size)) for name, words in labels.items()},
                **numbers,
                "w0": rng.integers(0, 100, size).astype(np.int32),
                "w1": rng.integers(0, 7, size).astype(np.int32),
                "label": (numbers["n0"] + rng.normal(size=size) > 0).astype(np.int8),
            }
        )
        moments = pl.col("at", "updated").cast(pl.Datetime("us", "UTC"))
        yield first, frame.with_columns(moments, pl.col("n8").fill_nan(None))


def _accounts(rows: int) -> pl.DataFrame:
    rng = np.random.default_rng(8)
    return pl.DataFrame(
        {
            "account": rng.permutation(rows),
            "tier": pl.Series(TIERS).gather(rng.integers(0, len(TIERS), rows)),
            "balance": rng.normal(size=rows).round(2),
            "age": rng.integers(0, 4000, rows).astype(np.int32),
        }
    )


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]))
