"""What is in production changes through gates and the ledger, and through nothing else."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from overture.runtime.errors import Mistake, Refusal
from overture.runtime.evaluation import Gate
from overture.runtime.runs.ledger import Challenger, entries, history, in_force, locked, production
from overture.runtime.runs.promote import challenge, promote, rollback, withdraw
from overture.runtime.runs.run import Run
from overture.runtime.runs.store import find

LEDGER, PRODUCTION = ".overture/ledger.jsonl", ".overture/production.json"


@pytest.fixture
def other(project: Path, run: Run, train: Callable[..., Run]) -> Run:
    """A second run, scored on the same rows."""
    return train(project, "model.params.depth=2")


def in_production(project: Path) -> str | None:
    found = production(project)
    return found.run_id if found else None


def rewrite(run: Run, **facts: object) -> None:
    """Change what a run says of itself, and its manifest with it, as if it had been recorded so."""
    from overture.runtime.runs.manifest import seal

    (run.folder / "run.json").write_text(json.dumps({**run.facts, **facts}))
    seal(run.folder, run.id)


def test_promoting_writes_who_when_what_and_why(run: Run, project: Path) -> None:
    done = promote(project, [Gate(metric="roc_auc", min=0.5)], run, "the first one")

    assert done.changed
    assert [gate.verdict for gate in done.gates] == ["passed", "passed", "not judged"]
    assert [gate.name for gate in done.gates] == [
        "better than the baseline",
        "roc_auc at least 0.5",
        "not worse than production",
    ]
    assert done.gates[2].text == "none yet"
    (entry,) = history(project)
    assert (entry.action, entry.run, entry.name, entry.why) == ("promoted", run.id, "churn", "the first one")
    assert entry.manifest_sha256 == run.manifest_sha256
    assert entry.by
    assert [gate["passed"] for gate in entry.gates] == [True, True, None]
    assert json.loads((project / PRODUCTION).read_text()) == {
        "name": "churn",
        "run": run.id,
        "manifest_sha256": run.manifest_sha256,
        "promoted_at": entry.at,
    }


def test_a_failed_gate_refuses_lists_all_and_writes_nothing(run: Run, project: Path) -> None:
    gates = [Gate(metric="roc_auc", min=1.5), Gate(metric="log_loss", max=0.0, min=0.0), Gate(metric="r2", min=0.0)]

    with pytest.raises(Refusal) as told:
        promote(project, gates, run)

    assert told.value.exit_code == 1
    said = [problem.what for problem in told.value.problems]
    assert [text.split(":")[0] for text in said] == [
        "gate roc_auc at least 1.5",
        "gate log_loss at most 0",
        "gate r2 at least 0",
    ]
    assert said[2].endswith("not measured in this run; train again, failed.")
    assert [note.split(":")[0] for note in told.value.notes] == [
        "gate better than the baseline",
        "gate log_loss at least 0",
    ]
    assert not (project / LEDGER).exists()
    assert not (project / PRODUCTION).exists()


@pytest.mark.parametrize("low", [0.0, -0.01, None])
def test_a_gain_that_may_be_nothing_does_not_beat_the_baseline(run: Run, project: Path, low: float | None) -> None:
    rewrite(run, gain={"value": 0.1, "low": low, "high": 0.2})

    with pytest.raises(Refusal, match="better than the baseline"):
        promote(project, [], run)


def test_the_gate_says_which_baseline_was_the_best(run: Run, project: Path) -> None:
    each = [{"name": name, "label": name, "metrics": {"log_loss": 0.6}} for name in ("the last one", "always no")]
    rewrite(run, baselines=each, baseline_label="the last one", gain={"value": 0.1, "low": 0.05, "high": 0.2})

    (gate, _) = promote(project, [], run).gates

    assert gate.text == "log_loss better by 0.100 [0.050, 0.200] than the last one"


def test_production_is_compared_only_on_the_same_rows(
    run: Run, other: Run, project: Path, train: Callable[..., Run]
) -> None:
    promote(project, [], run)
    said = promote(project, [], other).gates[-1]
    assert said.text.startswith("log_loss 0.")
    assert said.passed is None

    elsewhere = train(project, "seed=5")
    assert "scored on other rows" in promote(project, [], elsewhere).gates[-1].text
    shutil.rmtree(elsewhere.folder)
    assert f"runs/{elsewhere.id} is not here" in promote(project, [], run).gates[-1].text


def test_promoting_what_is_in_production_changes_nothing(run: Run, project: Path) -> None:
    promote(project, [], run)
    before = (project / LEDGER).read_bytes()

    again = promote(project, [Gate(metric="roc_auc", min=2.0)], run)

    assert not again.changed
    assert (project / LEDGER).read_bytes() == before


def test_a_run_that_was_tampered_with_is_refused(run: Run, project: Path) -> None:
    (run.folder / "model" / "model.cbm").write_bytes(b"another model")

    with pytest.raises(Mistake, match="was changed after the run was recorded"):
        promote(project, [], run)
    assert in_production(project) is None


def test_a_run_of_another_project_is_refused(run: Run, project: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere" / "runs" / run.id
    shutil.copytree(run.folder, elsewhere)

    with pytest.raises(Mistake, match="not a run of this project"):
        promote(project, [], Run.open(elsewhere))


def test_rolling_back_goes_back_and_further_back(run: Run, other: Run, project: Path) -> None:
    for each in (run, other, run):
        promote(project, [], each)

    assert rollback(project, "it was slow") == other
    assert in_production(project) == other.id
    assert rollback(project) == run
    with pytest.raises(Mistake, match=f"nothing was in production before {run.id}"):
        rollback(project)
    found = history(project)
    assert [entry.action for entry in found] == ["promoted"] * 3 + ["rolled-back"] * 2
    assert found[3].why == "it was slow"
    assert [entry.run for entry in in_force(found)] == [run.id]


def test_rolling_back_verifies_the_run_before(run: Run, other: Run, project: Path) -> None:
    promote(project, [], run)
    promote(project, [], other)
    rewrite(run, name="forged")

    with pytest.raises(Mistake, match="not the one that was promoted"):
        rollback(project)
    assert in_production(project) == other.id


def test_rolling_back_without_a_past_is_a_mistake(project: Path) -> None:
    with pytest.raises(Mistake, match="nothing was promoted yet"):
        rollback(project)


def test_production_follows_the_ledger(run: Run, other: Run, project: Path) -> None:
    promote(project, [], run)
    promote(project, [], other)
    whole = (project / PRODUCTION).read_bytes()
    for damage in (b"", b'{"run": "x"}', whole.replace(other.id.encode(), run.id.encode())):
        (project / PRODUCTION).write_bytes(damage)
        history(project)
        assert (project / PRODUCTION).read_bytes() == whole
    (project / PRODUCTION).write_bytes(b"{")
    with pytest.raises(Mistake, match="overture history"):
        production(project)
    (project / PRODUCTION).unlink()
    assert rollback(project) == run


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_last_line_cut_short_never_happened(run: Run, other: Run, project: Path, share: float) -> None:
    promote(project, [], run)
    one = (project / LEDGER).read_bytes()
    promote(project, [], other)
    two = (project / LEDGER).read_bytes()
    (project / LEDGER).write_bytes(two[: len(one) + int(share * (len(two) - len(one)))])

    assert [entry.run for entry in history(project)] == [run.id]
    assert in_production(project) == run.id
    assert promote(project, [], other).changed
    assert [entry.run for entry in entries(project)] == [run.id, other.id]


def test_a_ledger_whose_last_newline_an_editor_took_is_whole(run: Run, other: Run, project: Path) -> None:
    promote(project, [], run)
    (project / LEDGER).write_bytes((project / LEDGER).read_bytes().rstrip())

    promote(project, [], other)

    assert [entry.run for entry in history(project)] == [run.id, other.id]


def test_a_damaged_line_is_told_and_nothing_is_changed(run: Run, other: Run, project: Path) -> None:
    promote(project, [], run)
    damaged = b'{"at": "once"}\n' + (project / LEDGER).read_bytes()
    (project / LEDGER).write_bytes(damaged)

    for command in (lambda: history(project), lambda: promote(project, [], other), lambda: rollback(project)):
        with pytest.raises(Mistake, match=r"ledger\.jsonl is damaged in line 1"):
            command()
    assert (project / LEDGER).read_bytes() == damaged


def test_promotions_at_once_wait_for_each_other(run: Run, other: Run, project: Path) -> None:
    with locked(project):
        waiting = [threading.Thread(target=promote, args=(project, [], each)) for each in (run, other)]
        for thread in waiting:
            thread.start()
        assert not (project / LEDGER).exists()
    for thread in waiting:
        thread.join()

    assert {entry.run for entry in history(project)} == {run.id, other.id}
    assert in_production(project) == history(project)[-1].run


def test_the_name_of_git_is_in_the_ledger(run: Run, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = project / "gitconfig"
    settings.write_text("[user]\n  name = Grace\n")
    monkeypatch.setitem(os.environ, "GIT_CONFIG_GLOBAL", str(settings))

    promote(project, [], run)

    assert history(project)[0].by == "Grace"


def test_best_can_be_promoted(run: Run, other: Run, project: Path) -> None:
    best = find(project, "best")
    promote(project, [], best)

    assert in_production(project) == min((run, other), key=lambda each: each.objective).id


def test_a_challenger_stands_beside_production_until_it_is_withdrawn_or_promoted(
    run: Run, other: Run, project: Path
) -> None:
    with pytest.raises(Mistake, match="nothing is in production yet to be challenged"):
        challenge(project, [], other)
    promote(project, [], run)
    assert challenge(project, [], other, "deeper").changed
    assert not challenge(project, [], other).changed
    found = production(project)
    assert found is not None
    assert (found.run_id, found.challenger) == (run.id, Challenger(other.id, other.manifest_sha256))
    (project / PRODUCTION).unlink()  # as a kill leaves it
    assert [entry.action for entry in history(project)] == ["promoted", "challenger"]
    assert production(project) == found
    assert withdraw(project, "enough") == other.id
    with pytest.raises(Mistake, match="no run is tried beside production"):
        withdraw(project)
    challenge(project, [], other)
    promote(project, [], other)
    found = production(project)
    assert found is not None
    assert (found.run_id, found.challenger) == (other.id, None)
    assert rollback(project).id == run.id
    assert in_production(project) == run.id
    assert [entry.run for entry in in_force(entries(project))] == [run.id]


def test_a_challenger_has_to_pass_the_gates_too(run: Run, other: Run, project: Path) -> None:
    promote(project, [], run)
    with pytest.raises(Refusal, match="failed"):
        challenge(project, [Gate(metric="roc_auc", min=1.0)], other)
    with pytest.raises(Mistake, match="is in production itself"):
        challenge(project, [], run)
    assert len(history(project)) == 1


def test_rolling_back_leaves_the_challenger(run: Run, other: Run, project: Path, train: Callable[..., Run]) -> None:
    third = train(project, "model.params.depth=3")
    promote(project, [], run)
    promote(project, [], other)
    challenge(project, [], third)
    rollback(project)
    found = production(project)
    assert found is not None
    assert (found.run_id, found.challenger) == (run.id, Challenger(third.id, third.manifest_sha256))
