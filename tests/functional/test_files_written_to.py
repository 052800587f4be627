"""A file that somebody writes to while it is scored, inferred or profiled is named, and nothing is made of it."""

import gzip
import re
import sys
import threading
from contextlib import contextmanager

import polars as pl
import pytest

from overture.generator.infer import inference
from overture.generator.new import Answers, create
from overture.generator.profile import subject
from overture.runtime.config.load import load
from overture.runtime.data.sources.csv import Csv
from overture.runtime.errors import Mistake
from overture.runtime.hooks import import_hooks
from overture.runtime.runs.promote import promote
from overture.runtime.scoring import Scorer, read, score, write

from ..runtime.runs.conftest import train

ROW = "900,30,Oslo,5,no\n"
HINT = "Run it again once nobody writes there."


def told(name, verb):
    return re.escape(f"{name} changed while it was {verb}. {HINT}")


def more(file, text=ROW):
    with file.open("ab") as opened:
        opened.write(text.encode())


@contextmanager
def somebody_writes(file):
    """Lines are added to a file all the time."""
    done = threading.Event()

    def run():
        while not done.wait(0.002):
            more(file)

    writer = threading.Thread(target=run)
    writer.start()
    try:
        yield
    finally:
        done.set()
        writer.join()


@pytest.fixture
def project(make_project, monkeypatch):
    monkeypatch.delitem(sys.modules, "hooks", raising=False)
    return make_project(model="catboost")


@pytest.fixture
def promoted(project):
    promote(project, [], train(project))
    return project


def scored(project, source, out, meanwhile=lambda: None, first=lambda: None):
    scorer = Scorer.in_production("churn", import_hooks(project))
    rows = read(source, scorer, rows=50)
    first()
    with write(out, scorer, rows) as output:
        for batch in output.left():
            output.add(scorer.score(batch))
            meanwhile()
    return output.summary


@pytest.mark.parametrize("name", ["in.csv", "in.csv.gz", "in.parquet", "in.jsonl"])
def test_while_it_is_scored(promoted, tmp_path, name):
    folder = tmp_path / "week"
    folder.mkdir()
    file, out = folder / name, folder / "out.csv"
    frame = pl.read_csv(promoted / "data" / "people.csv").drop("left")
    if name == "in.parquet":
        frame.write_parquet(file)
    elif name == "in.jsonl":
        frame.write_ndjson(file)
    else:
        file.write_bytes(frame.write_csv().encode() if name == "in.csv" else gzip.compress(frame.write_csv().encode()))
    whole = file.read_bytes()

    with pytest.raises(Mistake, match=told(name, "scored")):
        scored(promoted, file, out, lambda: more(file))
    assert [path.name for path in folder.iterdir()] == [name]

    file.write_bytes(whole)
    assert scored(promoted, file, out).scored == 200
    assert out.exists()


def test_what_goes_wrong_because_it_was_written_to_is_told_as_that(promoted, tmp_path):
    file = tmp_path / "in.jsonl"
    pl.read_csv(promoted / "data" / "people.csv").write_ndjson(file)

    with pytest.raises(Mistake, match=told("in.jsonl", "scored")):
        scored(promoted, file, tmp_path / "out.csv", lambda: more(file, "no json\n"))


def test_between_the_first_look_and_the_scoring(promoted, tmp_path):
    file = tmp_path / "in.csv"
    file.write_bytes((promoted / "data" / "people.csv").read_bytes())
    with pytest.raises(Mistake, match=told("in.csv", "scored")):
        scored(promoted, file, tmp_path / "out.csv", first=lambda: more(file))
    assert not (tmp_path / "out.csv").exists()


def test_while_a_source_is_scored_by_its_name(promoted, tmp_path):
    with pytest.raises(Mistake, match=r"data\.sources\.people\.path: " + told("people.csv", "scored")):
        scored(promoted, "people", tmp_path / "out.csv", lambda: more(promoted / "data" / "people.csv"))
    assert not list(tmp_path.glob("*out*"))


def test_a_file_beside_it_disturbs_nobody(promoted, tmp_path):
    file = tmp_path / "in.csv"
    file.write_bytes((promoted / "data" / "people.csv").read_bytes())

    assert scored(promoted, file, tmp_path / "out.csv", lambda: more(tmp_path / "other.csv")).scored == 200
    assert score(promoted, file, tmp_path / "out.csv").scored == 200


@pytest.mark.parametrize("which", ["train.csv", "test.csv"])
@pytest.mark.parametrize("broken", [False, True])
def test_while_a_project_is_made_of_it(project, tmp_path, monkeypatch, which, broken):
    files = [tmp_path / "train.csv", tmp_path / "test.csv"]
    for file in files:
        file.write_bytes((project / "data" / "people.csv").read_bytes())

    def meanwhile(frame):
        more(tmp_path / which)
        if broken:
            raise ValueError("it fails because of what was written")
        return before(frame)

    before = inference.describe
    monkeypatch.setattr(inference, "describe", meanwhile)

    with pytest.raises(Mistake, match=told(which, "read")):
        create(tmp_path / "made", Answers("made", files[0], "left", files[1]), lambda folder: None)
    assert not (tmp_path / "made").exists()


def test_while_a_project_is_made_of_all_files_that_fit_a_pattern(project, tmp_path, monkeypatch):
    for name in ("a.csv", "b.csv"):
        (tmp_path / f"week-{name}").write_bytes((project / "data" / "people.csv").read_bytes())

    def meanwhile(frame):
        (tmp_path / "week-c.csv").write_text(ROW)
        return before(frame)

    before = inference.describe
    monkeypatch.setattr(inference, "describe", meanwhile)

    with pytest.raises(Mistake, match=told("week-c.csv", "read")):
        create(tmp_path / "made", Answers("made", tmp_path / "week-*.csv", "left"), lambda folder: None)
    assert not (tmp_path / "made").exists()


def test_the_command_that_makes_a_project_says_so(project, tmp_path, overture):
    file = tmp_path / "people.csv"
    file.write_bytes((project / "data" / "people.csv").read_bytes())

    with somebody_writes(file):
        done = overture("new", "made", "--data", "people.csv", "--target", "left", cwd=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert re.search(told("people.csv", "read"), " ".join(done.stderr.split()))
    assert not (tmp_path / "made").exists()


def test_while_a_file_is_profiled(project, tmp_path, monkeypatch):
    def meanwhile(frame):
        more(file)
        return before(frame)

    before = subject.describe
    monkeypatch.setattr(subject, "describe", meanwhile)
    frame = pl.read_csv(project / "data" / "people.csv")
    for name in ("a.csv", "a.parquet", "a.jsonl"):
        file = tmp_path / name
        for path in (file, tmp_path / f"?{file.suffix}"):
            {"a.csv": frame.write_csv, "a.parquet": frame.write_parquet, "a.jsonl": frame.write_ndjson}[name](file)
            with pytest.raises(Mistake, match=told(name, "read")):
                subject.of_file(path, None)


def test_while_a_source_is_profiled(project, monkeypatch):
    """It is written to after its columns were found, before its rows are read."""

    def meanwhile(self, root):
        found = before(self, root)
        more(root / "data" / "people.csv")
        return found

    before = Csv.columns
    monkeypatch.setattr(Csv, "columns", meanwhile)

    with pytest.raises(Mistake, match=r"data\.sources\.people\.path: " + told("people.csv", "read")):
        subject.of_source(project, load(project).spec, "people", None)


def test_while_the_data_of_a_project_is_profiled(project, overture):
    (project / "hooks.py").write_text(
        "from pathlib import Path\n\n\ndef features(rows):\n"
        f"    with (Path(__file__).parent / 'data' / 'people.csv').open('a') as file:\n        file.write({ROW!r})\n"
        "    return rows.select(older=rows['age'] + 1)\n"
    )

    done = overture("profile", cwd=project)

    assert done.returncode == 2
    said = " ".join(done.stderr.split())
    assert f"people.csv changed between two readings. {HINT}" in said
    assert not list(project.glob("*.html"))
