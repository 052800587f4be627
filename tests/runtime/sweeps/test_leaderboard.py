"""The leaderboard of a sweep: which job is best, which values matter, and a page that needs no script."""

import json

import pytest

from overture.runtime.errors import Mistake
from overture.runtime.sweeps.job import Job
from overture.runtime.sweeps.leaderboard import front, objects, rows, scored
from overture.runtime.sweeps.page import kept, page
from overture.runtime.sweeps.sweep import Sweep, find
from overture.runtime.sweeps.values import Values


def made(root, metrics, jobs):
    facts = {"kind": "search", "words": ["sweep=optuna"], "jobs": len(jobs), "metrics": metrics}
    sweep = Sweep.begin(root / "churn", "0123abcd", facts)
    for job in jobs:
        sweep.keep(job)
    return sweep


def trial(number, state="finished", overrides=(), **scores):
    return Job(number, ["sweep=optuna", *overrides], state, scores=scores)


def search(root, many=24):
    """Trials in which depth decides, noise does not, and kind hardly."""
    jobs = [
        trial(
            number,
            overrides=[
                f"++model.params.depth={number % 6}",
                f"model.params.noise={number * 7 % 11 / 10}",
                f"model={'ab'[number % 2]}",
            ],
            log_loss=abs(number % 6 - 3) + 0.001 * (number % 2),
        )
        for number in range(many)
    ]
    return made(root, {"log_loss": False}, jobs)


def test_the_best_comes_first_whichever_way_is_better(tmp_path):
    less = made(tmp_path / "a", {"log_loss": False}, [trial(0, log_loss=0.3), trial(1, log_loss=0.2)])
    more = made(tmp_path / "b", {"roc_auc": True}, [trial(0, roc_auc=0.3), trial(1, roc_auc=0.2)])

    assert [job.number for job, _ in scored(less, less.jobs())] == [1, 0]
    assert [job.number for job, _ in scored(more, more.jobs())] == [0, 1]


def test_what_was_stopped_or_failed_has_no_score(tmp_path):
    jobs = [trial(0, log_loss=0.3), trial(1, "pruned"), Job(2, ["a=<b>"], "failed", errors=["C: must be <more>."])]
    sweep = made(tmp_path, {"log_loss": False}, jobs)

    assert [job.number for job, _ in scored(sweep, sweep.jobs())] == [0]
    assert "3 trials, 1 stopped early, 1 failed. Judged on validation rows." in rows(sweep)
    found = objects(sweep)
    assert [(job["number"], job["state"], job["score"]) for job in found["jobs"]] == [
        (0, "finished", 0.3),
        (1, "pruned", None),
        (2, "failed", None),
    ]
    assert json.dumps(found, allow_nan=False)
    assert "C: must be &lt;more&gt;." in page(sweep)


def test_of_several_metrics_those_are_best_that_no_other_beats_in_all(tmp_path):
    points = [(0.2, 0.70), (0.3, 0.90), (0.25, 0.60), (0.2, 0.75), (0.4, 0.90)]
    jobs = [trial(number, log_loss=loss, roc_auc=area) for number, (loss, area) in enumerate(points)]
    sweep = made(tmp_path, {"log_loss": False, "roc_auc": True}, jobs)

    assert [job.number for job in front(sweep, sweep.jobs())] == [3, 1]


def test_the_key_that_decides_matters_most(tmp_path):
    importance = Values.of(search(tmp_path)).importance

    assert next(iter(importance)) == "model.params.depth"
    assert importance["model.params.depth"] > 0.8
    assert sum(importance.values()) == pytest.approx(1)


def test_from_few_jobs_nobody_says_what_matters(tmp_path):
    sweep = search(tmp_path, 4)

    assert Values.of(sweep).importance == {}
    assert "Which values matter is said from 8 scored jobs on." in page(sweep)


def test_the_page_is_small_and_has_no_script(tmp_path):
    sweep = search(tmp_path, 400)

    path = kept(sweep)

    text = (sweep.root / path).read_text()
    assert path == "sweeps/0123abcd/leaderboard.html"
    assert len(text) < 1_000_000
    assert "<script" not in text
    assert text.count("<polyline") == 401  # a line for each job, and one for the best so far
    assert text == page(sweep)


def test_a_sweep_that_goes_on_forgets_only_what_was_under_way_or_failed(tmp_path):
    sweep = made(tmp_path, {"log_loss": False}, [trial(0, log_loss=0.3), trial(1, "running"), trial(2, "failed")])

    again = Sweep.begin(sweep.root, sweep.id, {**sweep.facts, "jobs": 5})

    assert [job.number for job in again.jobs()] == [0]
    assert again.planned == 5
    assert again.facts["created"] == sweep.facts["created"]


def test_half_a_record_counts_for_none(tmp_path):
    sweep = made(tmp_path, {"log_loss": False}, [trial(0, log_loss=0.3)])
    (sweep.folder / "jobs" / "00001.json").write_text('{"number": 1, "over')

    assert [job.number for job in sweep.jobs()] == [0]


def test_a_sweep_is_found_by_the_beginning_of_its_id(tmp_path):
    sweep = search(tmp_path, 2)

    assert find(sweep.root, "01").id == sweep.id
    assert find(sweep.root, "last").id == sweep.id
    with pytest.raises(Mistake, match="there is no sweep"):
        find(sweep.root, "f")
    with pytest.raises(Mistake, match="there are no sweeps yet"):
        find(tmp_path, "last")
