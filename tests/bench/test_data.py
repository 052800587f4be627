"""What checking and loading large tables costs, beside polars and pandas by hand. OVERTURE_BENCH_ROWS makes it shorter."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .events_project import checked, joined
from .side_by_side import costs

ROWS = int(os.environ.get("OVERTURE_BENCH_ROWS", "10_000_000"))
LARGE = ROWS >= 10_000_000  # below, starting costs more than the work
HERE = Path(__file__).parent
CHECK = [sys.executable, "-m", "overture.generator", "check"]
BOUNDS = """
import sys
PLANS, REGIONS, PRODUCTS = ([f"{name} {i}" for i in range(many)] for name, many in (("plan", 5), ("region", 50), ("product", 100)))
NUMBERS = [f"n{i}" for i in range(9)]
LABELS = {"plan": PLANS, "region": REGIONS, "product": PRODUCTS, "label": [0, 1]}
LOW = {"event": 0, "account": 0, "w0": 0, "w1": 0, **dict.fromkeys(NUMBERS, -8)}
HIGH = {"w0": 99, "w1": 6, **dict.fromkeys(NUMBERS, 8)}
file = sys.argv[1]
"""
POLARS_CHECK = f"""{BOUNDS}
from datetime import UTC, datetime
import polars as pl
rows = pl.scan_parquet(file) if file.endswith("parquet") else pl.scan_csv(file, try_parse_dates=True)
asked = [pl.len().alias("rows"), pl.col("event").n_unique().alias("events"), pl.col("updated").max().alias("latest")]
asked += [pl.col(name).null_count().alias(f"missing {{name}}") for name in rows.collect_schema()]
asked += [pl.col(name).is_finite().not_().sum().alias(f"not finite {{name}}") for name in NUMBERS]
asked += [(pl.col(name) < least).sum().alias(f"low {{name}}") for name, least in LOW.items()]
asked += [(pl.col("at") < datetime(2023, 1, 1, tzinfo=UTC)).sum().alias("low at")]
asked += [(pl.col(name) > most).sum().alias(f"high {{name}}") for name, most in HIGH.items()]
asked += [pl.col(name).is_in(labels).not_().sum().alias(f"label {{name}}") for name, labels in LABELS.items()]
print(rows.select(asked).collect(engine="streaming").row(0, named=True))
"""
PANDAS_CHECK = f"""{BOUNDS}
import numpy as np, pandas as pd
rows = pd.read_parquet(file) if file.endswith("parquet") else pd.read_csv(file, parse_dates=["at", "updated"])
found = {{"rows": len(rows), "again": rows["event"].duplicated().sum(), "latest": rows["updated"].max()}}
found |= {{f"missing {{name}}": rows[name].isna().sum() for name in rows.columns}}
found |= {{f"not finite {{name}}": np.isinf(rows[name]).sum() for name in NUMBERS}}
found |= {{f"low {{name}}": (rows[name] < least).sum() for name, least in LOW.items()}}
found |= {{"low at": (rows["at"] < pd.Timestamp("2023-01-01", tz="UTC")).sum()}}
found |= {{f"high {{name}}": (rows[name] > most).sum() for name, most in HIGH.items()}}
found |= {{f"label {{name}}": (~rows[name].isin(labels)).sum() for name, labels in LABELS.items()}}
print(found)
"""
READ_CSV = """
import sys, polars as pl
print(pl.scan_csv(sys.argv[1], try_parse_dates=True).select(pl.all().null_count()).collect(engine="streaming"))
"""
OURS = """
from pathlib import Path
from overture.runtime import Project, load, split
from overture.runtime.matrix import targets
from overture.runtime.models._catboost_pool import pool
project = Project.open(Path())
parts = split(load(project.data), project.split)
names = list(parts.schema.inputs)
pools = [pool(rows, parts.schema, names, targets(rows, parts.schema)) for rows in (parts.train, parts.valid, parts.test)]
print([it.shape for it in pools])
"""
NAMES = """
import sys
from pathlib import Path
from catboost import Pool
CATEGORIES = ["plan", "region", "product", "shop", "tier"]
NUMBERS = [*(f"n{i}" for i in range(9)), "w0", "w1", "balance", "age"]
events, accounts = (Path(sys.argv[1]) / name for name in ("events.parquet", "accounts.parquet"))
"""
POLARS = f"""{NAMES}
import numpy as np, polars as pl
rows = (
    pl.scan_parquet(events)
    .join(pl.scan_parquet(accounts), on="account", how="left", maintain_order="left")
    .select(*CATEGORIES, *NUMBERS, "label")
    .with_columns(pl.col(CATEGORIES).cast(pl.Categorical), pl.col(NUMBERS).cast(pl.Float32))
    .collect()
)
draw = np.random.default_rng(42).random(rows.height)
pools = []
for chosen in (draw >= 0.3, (draw >= 0.2) & (draw < 0.3), draw < 0.2):
    part = rows.filter(pl.Series(chosen))
    pools.append(Pool(part.drop("label").to_pandas(), part["label"].to_numpy(), cat_features=CATEGORIES))
print([it.shape for it in pools])
"""
PANDAS = f"""{NAMES}
import pandas as pd
from sklearn.model_selection import train_test_split
rows = pd.read_parquet(events).merge(pd.read_parquet(accounts), on="account", how="left")
features, target = rows[CATEGORIES + NUMBERS].copy(), rows["label"]
for name in CATEGORIES:
    features[name] = features[name].astype("category")
x, x_test, y, y_test = train_test_split(features, target, test_size=0.2, random_state=42)
x_train, x_valid, y_train, y_valid = train_test_split(x, y, test_size=0.125, random_state=42)
parts = ((x_train, y_train), (x_valid, y_valid), (x_test, y_test))
print([Pool(x, y, cat_features=CATEGORIES).shape for x, y in parts])
"""


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("events")
    subprocess.run([sys.executable, HERE / "events.py", folder, str(ROWS)], check=True)
    return folder


def by_hand(code: str, *words: object) -> list[object]:
    return [sys.executable, "-c", code, *words]


def test_a_check_of_parquet_beside_the_same_by_hand(tables: Path, tmp_path: Path) -> None:
    file = tables / "events.parquet"
    rivals = {"ours": CHECK, "polars": by_hand(POLARS_CHECK, file), "pandas": by_hand(PANDAS_CHECK, file)}

    took = costs(f"check of {ROWS:,} rows of Parquet", rivals, checked(tmp_path / "project", file))

    assert took["ours"].gigabytes <= 1
    if LARGE:
        assert took["ours"].seconds <= 1.5 * took["polars"].seconds
        assert 2 * took["ours"].seconds <= took["pandas"].seconds
        assert 4 * took["ours"].gigabytes <= took["pandas"].gigabytes


def test_a_check_of_csv_beside_reading_it(tables: Path, tmp_path: Path) -> None:
    file = tables / "events.csv"
    rivals = {"ours": CHECK, "reading it by polars": by_hand(READ_CSV, file), "pandas": by_hand(PANDAS_CHECK, file)}

    took = costs(f"check of {ROWS:,} rows of CSV", rivals, checked(tmp_path / "project", file))

    assert took["ours"].gigabytes <= 1
    if LARGE:
        assert took["ours"].seconds <= 1.3 * took["reading it by polars"].seconds


def test_load_join_split_and_hand_over_beside_the_same_by_hand(tables: Path, tmp_path: Path) -> None:
    rivals = {"ours": by_hand(OURS), "polars": by_hand(POLARS, tables), "pandas": by_hand(PANDAS, tables)}

    took = costs(f"{ROWS:,} rows loaded, joined, split, handed over", rivals, joined(tmp_path / "project", tables))

    if LARGE:
        assert took["ours"].seconds <= took["polars"].seconds
        assert took["ours"].wall <= took["polars"].wall
        assert 1.5 * took["ours"].seconds <= took["pandas"].seconds
        assert 1.4 * took["ours"].gigabytes <= took["pandas"].gigabytes
