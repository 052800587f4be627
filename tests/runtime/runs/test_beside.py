"""Two runs beside each other: paired on the rows that both were tested on, with what went in and where they disagree."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from overture.runtime.errors import Mistake
from overture.runtime.report.beside import page, verdict
from overture.runtime.runs.beside import beside
from overture.runtime.runs.comparison import difference
from overture.runtime.runs.run import Run
from overture.runtime.runs.store import runs

from ..report.test_report import Page

NOISE = ["model.params.iterations=1", "model.params.learning_rate=0.001"]
BY_KEY = ["evaluation.replicates=40"]


def words(html: str) -> str:
    return " ".join(" ".join(Page(html).texts).split())


def test_what_differs_is_told_and_every_metric_is_paired(run: Run, project: Path, train: Callable[..., Run]) -> None:
    worse = train(project, *NOISE)

    pair = beside(run, worse)

    assert pair.settings == {
        "model.params.iterations": (20, 1),
        "model.params.learning_rate": (0.05, 0.001),
    }
    assert pair.inputs == {}
    assert [one.name for one in pair.scores] == list(run.facts["metrics"])
    assert pair.scores[0].gain == difference(run, worse)
    for one in pair.scores:
        assert one.first == pytest.approx(run.facts["metrics"][one.name]["value"], rel=1e-12)
    assert verdict(pair)[1].startswith(f"catboost {run.id[:6]} is better than catboost {worse.id[:6]}")
    assert verdict(beside(worse, run))[1] == verdict(pair)[1]


def test_the_page_needs_nothing_else_and_says_where_they_disagree(
    run: Run, project: Path, train: Callable[..., Run]
) -> None:
    html = page(beside(run, train(project, *NOISE)))

    assert Page(html).open == []
    assert len(html.encode()) < 200_000
    said = words(html)
    kept = [pl.read_parquet(folder / "predictions.parquet") for folder in sorted((project / "runs").iterdir())]
    right = [frame["prediction"] == frame["target"] for frame in kept]
    assert f"both are right {int((right[0] & right[1]).sum())} " in said
    assert "model.params.iterations 20 1" in said
    assert html == page(beside(run, Run.open(next(f for f in (project / "runs").iterdir() if f.name != run.id))))


def test_runs_on_other_rows_are_paired_on_those_both_were_tested_on(project: Path, train: Callable[..., Run]) -> None:
    first = train(project, *BY_KEY)
    lines = (project / "data" / "people.csv").read_text().splitlines()
    (project / "data" / "people.csv").write_text("\n".join([lines[0], *lines[40:]]) + "\n")
    second = train(project, *BY_KEY, "split.test=0.4")

    pair = beside(first, second)

    assert pair.rows is not None
    ours, theirs = pair.rows
    assert ours["id"].equals(theirs["id"])
    assert 0 < ours.height < min(first.facts["rows"]["test"], second.facts["rows"]["test"])
    assert "matched by id" in pair.why
    assert pair.scores[0].gain is not None
    assert pair.inputs["rows read"] == (400, 361)
    assert "data/people.csv" in pair.inputs
    assert "only rows that were test rows of both" in words(page(pair))


def test_runs_without_a_row_in_common_are_shown_as_recorded(project: Path, train: Callable[..., Run]) -> None:
    first = train(project)
    conf = project / "conf" / "data" / "people.yaml"
    conf.write_text(conf.read_text().replace("key: id\n", ""))
    (project / "data" / "people.csv").write_text(
        (project / "data" / "people.csv").read_text() + "401,30,Oslo,2000.5,no\n"
    )
    second = train(project)

    pair = beside(first, second)

    assert pair.rows is None
    assert pair.scores[0].gain is None
    assert "Which is better cannot be said" in words(page(pair))


def test_runs_that_answer_other_questions_are_not_compared(run: Run, project: Path, train: Callable[..., Run]) -> None:
    other = train(project, "task=regression", "target=age", "positive=null")

    with pytest.raises(Mistake, match="they cannot be compared"):
        beside(run, other)


def test_other_tasks_have_a_page_too(project: Path, train: Callable[..., Run]) -> None:
    for asked in (["task=regression", "target=age"], ["task=multiclass", "target=city"]):
        html = page(beside(*(train(project, *asked, "positive=null", *more) for more in ([], NOISE))))
        assert Page(html).open == []
        assert "furthest apart" in html


def test_nothing_personal_is_in_the_page(project: Path, train: Callable[..., Run]) -> None:
    conf = project / "conf" / "data" / "people.yaml"
    conf.write_text(
        conf.read_text()
        .replace("id:     {type: integer, min: 1}", "id:     {type: integer, min: 1, personal: true}")
        .replace('"New York"]}', '"New York"], personal: true}')
    )
    first = train(project)
    conf.write_text(conf.read_text().replace("[Oslo,", "[Oslo, Bergen,"))

    html = page(beside(first, train(project)))

    assert "data.columns.city.values" in html
    assert "Oslo" not in html
    assert ">id<" not in html


def test_the_command_makes_what_was_put_off_and_compares_two_runs(
    project: Path, run: Run, train: Callable[..., Run], overture: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    from overture.runtime.runs.completion import put_off

    with put_off():
        other = train(project, *NOISE)

    made = overture("report", run.id, other.id[:6], cwd=project)
    told = overture("report", run.id, other.id, "--json", "-o", "both.html", cwd=project)
    one = overture("report", other.id, "--json", cwd=project)

    path = Path(made.stdout.splitlines()[-1])
    assert path == project / "runs" / f"{run.id}-{other.id}.html"
    assert re.search("<h1>churn</h1>", path.read_text())
    assert (project / "both.html").read_text() == path.read_text()
    assert json.loads(told.stdout)["runs"] == [run.id, other.id]
    assert json.loads(told.stdout)["metrics"][0]["gain"]["low"] > 0
    assert Path(json.loads(one.stdout)["report"]).is_file()
    assert {found.id for found in runs(project)} == {run.id, other.id}
    same = overture("report", run.id, run.id, cwd=project)
    assert (same.returncode, "are the same run" in same.stderr) == (2, True)
    assert overture("report", run.id, "-o", "x.html", cwd=project).returncode == 2
