"""Scoring whole files: every row is answered or rejected with a reason, and nothing is lost on the way."""

import gzip
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from overture.runtime import scoring, tables
from overture.runtime.data.column import NumberColumn
from overture.runtime.errors import Mistake, Refusal
from overture.runtime.hooks import import_hooks
from overture.runtime.scoring import read, write

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # BentoML's own

ROWS = {
    "customerID": ["a", "b", "c", "d", "e"],
    "tenure": ["12", "x", "-1", "3", "4"],
    "Senior Citizen": ["0", "1", "1", "1", "0"],
    "Contract": ["One year", "One year", "Weekly", "Two year", "Month-to-month"],
    "TotalCharges": ["1.5", "2", "?", "?", "3"],
    "paperless": ["true", "false", "true", "", "false"],
    "something": ["else"] * 5,
}
GOOD = pl.DataFrame(
    {
        "tenure": range(50),
        "Senior Citizen": [0, 1] * 25,
        "Contract": ["One year"] * 50,
        "TotalCharges": [float(i) for i in range(50)],
        "paperless": [True] * 50,
    }
)


def stored(names: list[str]) -> bytes:
    """A Parquet file of one row, which may name a column twice."""
    content = io.BytesIO()
    pq.write_table(pa.Table.from_arrays([pa.array(["1"])] * len(names), names=names), content)
    return content.getvalue()


@pytest.fixture
def project(make_project, monkeypatch):
    monkeypatch.delitem(sys.modules, "hooks", raising=False)
    return make_project("binary")


def test_rows_that_break_the_contract_go_to_a_side_file_with_all_their_reasons(project, tmp_path):
    pl.DataFrame(ROWS).write_csv(tmp_path / "in.csv")
    summary = scoring.score(project, tmp_path / "in.csv", tmp_path / "out.csv")
    assert (summary.scored, summary.rejected) == (2, 3)
    answers = pl.read_csv(tmp_path / "out.csv")
    assert answers.columns == ["_row", "customerID", "prediction", "probability: No", "probability: Yes", "model"]
    assert answers["_row"].to_list() == [1, 5]
    assert set(answers["model"]) == {"binary:2f9c41d07be3"}
    rejected = pl.read_csv(tmp_path / "out.rejected.csv")
    assert dict(zip(rejected["_row"], rejected["_reason"], strict=True)) == {
        2: "tenure: not of type integer",
        3: "tenure: less than 0; Contract: not one of the labels allowed",
        4: "paperless: missing",
    }
    assert rejected["customerID"].to_list() == ["b", "c", "d"]


@pytest.mark.parametrize(("source", "out"), [("in.csv", "in.csv"), ("out.rejected.csv", "out.csv")])
def test_the_rows_to_score_are_never_overwritten(project, tmp_path, source, out):
    GOOD.write_csv(tmp_path / source)
    before = (tmp_path / source).read_bytes()

    with pytest.raises(Mistake, match="would be overwritten"):
        scoring.score(project, tmp_path / source, tmp_path / out)

    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [source]
    assert (tmp_path / source).read_bytes() == before


@pytest.mark.parametrize("source", ["in.csv", "in.parquet", "in.jsonl"])
@pytest.mark.parametrize("out", ["out.csv", "out.parquet", "out.jsonl"])
def test_every_format_and_any_number_of_rows_at_a_time_gives_the_same_answers(project, tmp_path, source, out):
    GOOD.write_csv(tmp_path / "in.csv")
    GOOD.write_parquet(tmp_path / "in.parquet")
    GOOD.write_ndjson(tmp_path / "in.jsonl")
    scoring.score(project, tmp_path / "in.csv", tmp_path / "expected.parquet")
    scoring.score(project, tmp_path / source, tmp_path / out, rows=7)
    found = {"csv": pl.read_csv, "parquet": pl.read_parquet, "jsonl": pl.read_ndjson}[out[4:]](tmp_path / out)
    assert found.equals(pl.read_parquet(tmp_path / "expected.parquet"))
    assert found["_row"].to_list() == list(range(1, 51))
    assert not (tmp_path / "out.rejected.csv").exists()


@pytest.mark.parametrize("stored", [pl.String, pl.Categorical, pl.Enum(["One year", "Two year", "Weekly"])])
def test_labels_are_held_to_the_contract_however_a_parquet_file_keeps_them(project, tmp_path, stored):
    """By scoring.score, which looks labels up once each where it can, as by a script that is handed every text."""
    labels = ["One year"] * 20 + ["Two year", "Weekly", None, "One year", "Two year"] * 6
    frame = GOOD.with_columns(Contract=pl.Series(labels, dtype=pl.String)[:50])
    frame.write_csv(tmp_path / "in.csv")
    frame.with_columns(pl.col("Contract").cast(stored)).write_parquet(tmp_path / "in.parquet", row_group_size=10)
    scorer = scoring.Scorer.in_production("binary", import_hooks(project))
    with write(tmp_path / "script.parquet", scorer, read(tmp_path / "in.parquet", scorer, rows=7)) as output:
        for rows in output.left():
            output.add(scorer.score(rows))
    for source, out in (("in.csv", "csv"), ("in.parquet", "ours")):
        found = scoring.score(project, tmp_path / source, tmp_path / f"{out}.parquet", rows=7)
        assert (found.scored, found.rejected) == (38, 12)
        assert pl.read_parquet(tmp_path / f"{out}.parquet").equals(pl.read_parquet(tmp_path / "script.parquet"))
    reasons = pl.read_csv(tmp_path / "ours.rejected.csv")
    assert dict(reasons["_reason"].value_counts().iter_rows()) == {
        "Contract: not one of the labels allowed": 6,
        "Contract: missing": 6,
    }
    assert reasons.equals(pl.read_csv(tmp_path / "script.rejected.csv"))


def test_a_file_and_a_request_get_the_same_answers(churn, project, tmp_path):
    GOOD.write_parquet(tmp_path / "in.parquet")
    scoring.score(project, tmp_path / "in.parquet", tmp_path / "out.parquet")
    answers = churn.post("/predict", json={"rows": GOOD.to_dicts()}).json()["predictions"]
    frame = pl.read_parquet(tmp_path / "out.parquet")
    assert frame["prediction"].to_list() == [answer["prediction"] for answer in answers]
    assert frame["probability: Yes"].to_list() == [answer["probabilities"]["Yes"] for answer in answers]


def test_labels_never_seen_are_scored_as_missing_and_counted(make_project, tmp_path):
    beans = {"Area (px²)": [1, 2], "shop": ["a", "zz"], "colour": ["blue", "red"], "picked": ["2024-01-01"] * 2}
    frame = pl.DataFrame({**beans, "seen": ["2024-01-01T00:00:00"] * 2, "notes": ["x", None]})
    frame.write_csv(tmp_path / "in.csv")
    summary = scoring.score(make_project("multiclass"), tmp_path / "in.csv", tmp_path / "out.parquet")
    assert dict(summary.unknown) == {"colour": 1, "shop": 1}
    answers = pl.read_parquet(tmp_path / "out.parquet")
    assert answers["prediction"].dtype == pl.Int64
    assert answers.columns[2:-1] == ["probability: 1", "probability: 2", "probability: 3"]


def test_hooks_compute_their_columns_for_files_too(make_project, tmp_path):
    pl.DataFrame({"rooms": [1, 2], "income": [3.0, 4.0]}).write_csv(tmp_path / "in.csv")
    scoring.score(make_project("regression"), tmp_path / "in.csv", tmp_path / "out.csv")
    assert pl.read_csv(tmp_path / "out.csv").columns == ["_row", "prediction", "model"]


def test_when_no_row_can_be_scored_there_is_no_file_of_answers(project, tmp_path):
    pl.DataFrame(ROWS)[1:3].write_csv(tmp_path / "in.csv")
    with pytest.raises(Refusal, match=r"out\.rejected\.csv"):
        scoring.score(project, tmp_path / "in.csv", tmp_path / "out.csv")
    assert (tmp_path / "out.rejected.csv").exists()
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("source", "content", "message"),
    [
        ("in.csv", None, "there is no file"),
        ("in.xlsx", b"", "can be read"),
        ("in.csv", b"tenur,Contract\n1,a\n", 'no column "tenure". Did you mean "tenur"?'),
        ("in.csv", GOOD.head(0).write_csv().encode(), "no rows"),
        ("in.parquet", b"", "cannot be read as Parquet"),
        ("in.parquet", b"PAR1", "cannot be read as Parquet"),
        ("in.parquet", stored([*GOOD.columns, "tenure"]), 'has "tenure" more than once. Rename'),
        ("in.csv", b"tenure,Contract,tenure\n1,a,2\n", 'names "tenure" more than once'),
        ("in.csv", GOOD.write_csv().encode() + b"2\n", "row 51 has 1"),
        ("in.csv", b"tenure,Contract\n1,a\x00\n", "NUL byte in line 2"),
        ("in.csv", b"tenure,Contract\n1,\xe9\n", "is not utf-8: line 2"),
        ("in.csv", gzip.compress(GOOD.write_csv().encode())[:-6], "is damaged"),
        ("in.jsonl", b'{"tenure": NaN}\n', "line 1"),
        ("in.jsonl", b"[]\n", "line 1: not an object"),
    ],
)
def test_files_that_cannot_be_scored_are_mistakes_and_leave_nothing(project, tmp_path, source, content, message):
    if content is not None:
        (tmp_path / source).write_bytes(content)
    with pytest.raises(Mistake) as raised:
        scoring.score(project, tmp_path / source, tmp_path / "out.csv")
    assert message in str(raised.value)
    assert {path.name for path in tmp_path.iterdir()} <= {"binary", source}


def test_a_fault_half_way_leaves_the_earlier_answers_as_they_were(project, tmp_path):
    (tmp_path / "out.csv").write_text("earlier")
    lines = [json.dumps(row) for row in GOOD.to_dicts()]
    (tmp_path / "in.jsonl").write_text("\n".join([*lines, "{"]))
    with pytest.raises(Mistake):
        scoring.score(project, tmp_path / "in.jsonl", tmp_path / "out.csv", rows=7)
    assert (tmp_path / "out.csv").read_text() == "earlier"
    assert {path.name for path in tmp_path.iterdir()} == {"binary", "in.jsonl", "out.csv"}


def test_the_generated_script_scores_and_says_what_it_did(project, plugin, tmp_path):
    shutil.copy(Path(__file__).parent / "projects" / "score.py", project)
    pl.DataFrame(ROWS).write_csv(tmp_path / "in.csv")

    def run(*words):
        command = [sys.executable, str(project / "score.py"), *words]
        return subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(plugin)}
        )

    done = run("in.csv", "-o", "out.parquet")
    assert done.returncode == 0, done.stderr
    assert "2 rows into out.parquet" in done.stdout
    assert "3 rows break the contract: out.rejected.csv says why" in done.stdout
    failed = run("none.csv", "-o", "out.parquet")
    assert failed.returncode == 2
    assert failed.stderr == "there is no file none.csv.\n"


def test_explanations_sum_to_the_raw_score(churn, project, tmp_path):
    GOOD.write_parquet(tmp_path / "in.parquet")
    scoring.score(project, tmp_path / "in.parquet", tmp_path / "out.parquet", explain=True, rows=20)
    told = churn.post("/explain", json={"rows": GOOD.to_dicts()}).json()["predictions"]
    frame = pl.read_parquet(tmp_path / "out.parquet")
    assert frame["base"].to_list() == [answer["base"] for answer in told]
    for name in told[0]["contributions"]:
        assert frame[f"contribution: {name}"].to_list() == [answer["contributions"][name] for answer in told]


def test_several_classes_are_explained_one_by_one(make_project, tmp_path):
    beans = {"Area (px²)": [1], "shop": ["a"], "colour": ["blue"], "picked": ["2024-01-01"]}
    pl.DataFrame({**beans, "seen": ["2024-01-01T00:00:00"], "notes": ["x"]}).write_csv(tmp_path / "in.csv")
    scoring.score(make_project("multiclass"), tmp_path / "in.csv", tmp_path / "out.parquet", explain=True)
    columns = pl.read_parquet(tmp_path / "out.parquet").columns
    assert {"base: 1", "base: 3", "contribution: 2: shop"} <= set(columns)


def test_a_source_of_the_project_is_scored_by_its_name(project, tmp_path):
    GOOD.write_csv(project / "rows.csv")
    scoring.score(project, "rows", tmp_path / "a.csv", rows=7)
    scoring.score(project, project / "rows.csv", tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    with pytest.raises(Mistake, match=r'Did you mean "rows"\?'):
        scoring.score(project, "row", tmp_path / "c.csv")
    with pytest.raises(Mistake, match="would be overwritten"):
        scoring.score(project, "rows", project / "rows.csv")


KILLED = """
import os, signal, sys
from pathlib import Path
from overture.runtime import checkpoint, scoring
checkpoint.ROWS = 14
score, left = scoring.Scorer.score, [int(sys.argv[4])]
def counted(self, raw):
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1
    print(raw["_row"][0])
    return score(self, raw)
scoring.Scorer.score = counted
summary = scoring.score(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), rows=7)
print("summary", summary.scored, summary.rejected, dict(summary.unknown))
"""


@pytest.mark.parametrize("out", ["out.csv", "out.parquet", "out.jsonl"])
def test_after_kills_only_what_was_not_finished_is_scored_and_nothing_is_lost(project, plugin, tmp_path, out):
    GOOD.with_columns(tenure=pl.when(pl.col("tenure") % 11 == 3).then(-1).otherwise(pl.col("tenure"))).write_parquet(
        tmp_path / "in.parquet"
    )
    expected = scoring.score(project, tmp_path / "in.parquet", tmp_path / f"expected.{out[4:]}", rows=7)

    def score(batches):
        words = [sys.executable, "-c", KILLED, project, tmp_path / "in.parquet", tmp_path / out, batches]
        environment = {**os.environ, "PYTHONPATH": str(plugin)}
        return subprocess.run(list(map(str, words)), capture_output=True, text=True, env=environment)

    firsts = []
    for batches in (3, 0, 3):
        done = score(batches)
        assert done.returncode == -9, done.stderr
        assert not (tmp_path / out).exists()
        firsts.append(done.stdout.split()[:1])
    assert firsts == [["1"], [], ["15"]]
    done = score(99)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[0] == "29"
    assert f"summary {expected.scored} {expected.rejected}" in done.stdout
    assert (tmp_path / out).read_bytes() == (tmp_path / f"expected.{out[4:]}").read_bytes()
    assert (tmp_path / "out.rejected.csv").read_text() == (tmp_path / "expected.rejected.csv").read_text()
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_what_was_finished_for_other_rows_is_not_taken_up(project, plugin, tmp_path):
    GOOD.write_parquet(tmp_path / "in.parquet")
    words = [sys.executable, "-c", KILLED, project, tmp_path / "in.parquet", tmp_path / "out.csv", 5]
    subprocess.run(list(map(str, words)), env={**os.environ, "PYTHONPATH": str(plugin)})
    assert (tmp_path / ".out.csv.parts").is_dir()
    GOOD.head(20).write_parquet(tmp_path / "in.parquet")

    assert scoring.score(project, tmp_path / "in.parquet", tmp_path / "out.csv").scored == 20
    assert pl.read_csv(tmp_path / "out.csv").height == 20


def test_two_scorings_do_not_write_the_same_file(project, tmp_path):
    GOOD.write_parquet(tmp_path / "in.parquet")
    hooks = scoring.Scorer.in_production("churn", import_hooks(project))
    with write(tmp_path / "out.csv", hooks, read(tmp_path / "in.parquet", hooks, rows=20)) as output:
        with pytest.raises(Mistake, match="another scoring"):
            scoring.score(project, tmp_path / "in.parquet", tmp_path / "out.csv")
        for rows in output.left():
            output.add(hooks.score(rows))
    assert pl.read_csv(tmp_path / "out.csv").height == 50


def test_what_was_read_of_a_parquet_file_does_not_stay_in_memory(tmp_path):
    import numpy as np
    import pyarrow as pa

    file, rows = tmp_path / "in.parquet", 20_000
    numbers = np.random.default_rng(1).normal(size=40 * rows)  # nothing that can be packed
    pl.DataFrame({"n": numbers}).write_parquet(file, row_group_size=rows)
    before, held = pa.total_allocated_bytes(), []
    for _ in tables.batches(file, {"n": NumberColumn(type="number")}, set(), rows, dict):
        held.append(pa.total_allocated_bytes() - before)
    assert len(held) == 40
    assert max(held) < file.stat().st_size / 4
