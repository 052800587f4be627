"""What scoring a large file costs, beside an expert's streaming script and a naive one. OVERTURE_BENCH_ROWS changes the size."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from .side_by_side import costs

ROWS = int(os.environ.get("OVERTURE_BENCH_ROWS", "2_000_000"))
LARGE = ROWS >= 2_000_000  # below, starting costs more than the work
OVERTURE = [sys.executable, "-m", "overture.generator"]
CATEGORIES, NUMBERS = [f"c{i}" for i in range(6)], [f"n{i}" for i in range(8)]
NAMES = f"""
import sys
from catboost import CatBoostClassifier, Pool
CATEGORIES, NUMBERS = {CATEGORIES!r}, {NUMBERS!r}
model = CatBoostClassifier()
model.load_model(sys.argv[1])
"""
EXPERT = f"""{NAMES}
import numpy as np, polars as pl, pyarrow as pa, pyarrow.csv as pc, pyarrow.parquet as pq
parquet = sys.argv[2].endswith(".parquet")
writer = None
for batch in pq.ParquetFile(sys.argv[2]).iter_batches(65_536) if parquet else pc.open_csv(sys.argv[2], pc.ReadOptions(block_size=16 << 20)):
    rows = pl.from_arrow(batch)
    labels = {{name: rows[name].cast(pl.Categorical).to_pandas() for name in CATEGORIES}}
    numbers = rows.select(pl.col(NUMBERS).cast(pl.Float32)).to_pandas()
    found = model.predict_proba(Pool(numbers.assign(**labels)[model.feature_names_], cat_features=CATEGORIES))
    out = pa.table({{"id": batch["id"], "prediction": np.where(found[:, 1] > 0.5, "yes", "no"), "no": found[:, 0], "yes": found[:, 1]}})
    if writer is None:
        writer = pq.ParquetWriter(sys.argv[3], out.schema, compression="zstd") if parquet else pc.CSVWriter(sys.argv[3], out.schema)
    writer.write_table(out)
writer.close()
"""
NAIVE = f"""{NAMES}
import numpy as np, pandas as pd
parquet = sys.argv[2].endswith(".parquet")
rows = pd.read_parquet(sys.argv[2]) if parquet else pd.read_csv(sys.argv[2])
found = model.predict_proba(rows[model.feature_names_])
out = pd.DataFrame({{"id": rows["id"], "prediction": np.where(found[:, 1] > 0.5, "yes", "no"), "no": found[:, 0], "yes": found[:, 1]}})
out.to_parquet(sys.argv[3]) if parquet else out.to_csv(sys.argv[3], index=False)
"""


def table(rows: int) -> pl.DataFrame:
    draw = np.random.default_rng(rows)
    columns: dict[str, object] = {"id": np.arange(rows)}
    columns |= {name: draw.normal(size=rows) for name in NUMBERS}
    columns |= {name: np.array([f"{name} {i}" for i in range(12)])[draw.integers(0, 12, rows)] for name in CATEGORIES}
    made = pl.DataFrame(columns)
    score = made["n0"] + (made["c0"] == "c0 3").cast(pl.Float64) * 2 + draw.normal(size=rows)
    return made.with_columns(y=pl.when(score > 0.3).then(pl.lit("yes")).otherwise(pl.lit("no")))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with 300 trees in production, and two files to score."""
    home = tmp_path_factory.mktemp("batch")
    table(40_000).write_parquet(home / "known.parquet")
    for rows in (ROWS, ROWS // 4):
        table(rows).drop("y").write_parquet(home / f"{rows}.parquet")
    new = [*OVERTURE, "new", "bench", "--data", "known.parquet", "--target", "y", "--key", "id"]
    subprocess.run(new, cwd=home, check=True, capture_output=True)
    train = ["train.py", "model.params.iterations=300", "model.early_stopping_rounds=null", "explanations=null"]
    subprocess.run([sys.executable, *train], cwd=home / "bench", check=True, capture_output=True)
    subprocess.run([*OVERTURE, "promote", "best"], cwd=home / "bench", check=True, capture_output=True)
    train_by_hand(home / "bench")
    return home / "bench"


def train_by_hand(project: Path) -> None:
    """The same number of trees by the same settings, as an expert keeps them."""
    from catboost import CatBoostClassifier

    rows = pl.read_parquet(project.parent / "known.parquet").to_pandas()
    model = CatBoostClassifier(iterations=300, depth=6, random_seed=42, verbose=False, allow_writing_files=False)
    model.fit(rows[[*CATEGORIES, *NUMBERS]], rows["y"], cat_features=CATEGORIES)
    model.save_model(str(project / "by_hand.cbm"))


def score(rows: int, kind: str) -> list[object]:
    """The generated script, as theirs are scripts."""
    return [sys.executable, "score.py", f"../{rows}.{kind}", "-o", f"ours-{rows}.{kind}"]


def by_hand(code: str, project: Path, kind: str) -> list[object]:
    source = project.parent / f"{ROWS}.{kind}"
    return [sys.executable, "-c", code, project / "by_hand.cbm", source, project / f"by-hand.{kind}"]


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_scoring_a_file_beside_the_same_by_hand(project: Path, kind: str) -> None:
    if kind == "csv":
        for rows in (ROWS, ROWS // 4):
            pl.scan_parquet(project.parent / f"{rows}.parquet").sink_csv(project.parent / f"{rows}.csv")
    rivals = {
        "ours": score(ROWS, kind),
        "the expert's": by_hand(EXPERT, project, kind),
        "a naive one": by_hand(NAIVE, project, kind),
        "a quarter of the rows": score(ROWS // 4, kind),
    }

    took = costs(f"{ROWS:,} rows scored by 300 trees, from {kind} to {kind}", rivals, project)

    read = pl.scan_parquet if kind == "parquet" else pl.scan_csv
    assert read(project / f"ours-{ROWS}.{kind}").select(pl.len()).collect().item() == ROWS
    if LARGE:
        assert took["ours"].gigabytes <= 1.15 * took["a quarter of the rows"].gigabytes
        assert 0.8 * took["ours"].wall <= took["the expert's"].wall
        assert 2 * took["ours"].wall <= took["a naive one"].wall
