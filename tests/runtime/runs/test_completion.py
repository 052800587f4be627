"""Report, card and explanations are the same whether they are made with the run or later, and a kill leaves a whole run."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from overture.runtime.errors import Mistake
from overture.runtime.runs import completion
from overture.runtime.runs.completion import complete, put_off
from overture.runtime.runs.promote import promote
from overture.runtime.runs.run import Run
from overture.runtime.runs.store import finished

TOLD = ("explanations.json", "card.md", "report.html")
KEPT = "held_out.parquet"


@pytest.fixture(name="bare")
def trained_bare(project: Path, train: Callable[..., Run]) -> Run:
    with put_off():
        return train(project)


def timeless(text: str, run: Run) -> str:
    """Without the moment, and without the seconds of each step; explaining is a step only where it was not put off."""
    text = re.sub(r"(, explain)? \d+\.\d( s)?(?=[,<\n])", "", text)
    return text.replace(run.created.replace("T", " ")[:16], "")


def names(run: Run) -> set[str]:
    return {path.name for path in run.folder.iterdir()}


def test_what_is_made_later_is_what_is_made_at_once(project: Path, train: Callable[..., Run], tmp_path: Path) -> None:
    at_once = train(project)
    at_once = Run.open(at_once.folder.rename(tmp_path / at_once.id))
    with put_off():
        later = train(project)
    assert not names(later) & set(TOLD)
    assert KEPT in names(later)

    complete(later)

    assert names(later) == names(at_once) >= set(TOLD)
    later.verify()
    for name in TOLD:
        texts = [timeless((run.folder / name).read_text(), run) for run in (at_once, later)]
        assert texts[0] == texts[1], name


def test_a_run_that_was_put_off_is_a_whole_run(bare: Run, project: Path) -> None:
    bare.verify()
    bare.load_model()
    assert not bare.told
    assert bare.explanations() is None


def test_completing_twice_changes_nothing(bare: Run) -> None:
    complete(bare)
    before = {path: path.stat().st_mtime_ns for path in bare.folder.iterdir()}

    complete(bare)

    assert {path: path.stat().st_mtime_ns for path in bare.folder.iterdir()} == before


@pytest.mark.parametrize("killed_after", range(5))
def test_a_kill_while_completing_leaves_a_whole_run(
    bare: Run, killed_after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    replace = os.replace

    def dying(source: Path, target: Path) -> None:
        if len(done) == killed_after:
            raise KeyboardInterrupt
        replace(source, target)
        done.append(Path(target).name)

    monkeypatch.setattr(completion.os, "replace", dying)
    if killed_after < 4:
        with pytest.raises(KeyboardInterrupt):
            complete(bare)
    else:
        monkeypatch.setattr(Path, "unlink", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            complete(bare)
    monkeypatch.undo()

    bare.verify()
    assert Run.open(bare.folder).told is (killed_after == 4)
    complete(bare)
    bare.verify()
    assert KEPT not in names(bare)
    assert names(bare) >= set(TOLD)


def test_what_is_promoted_is_complete_and_stays_so(bare: Run, project: Path) -> None:
    promoted = promote(project, [], bare).run

    assert names(promoted) >= set(TOLD)
    promoted.verify(promoted.manifest_sha256)
    complete(promoted)
    assert promote(project, [], promoted).changed is False


def test_a_report_that_does_not_belong_to_a_complete_run_is_noticed(bare: Run) -> None:
    complete(bare)
    (bare.folder / "card.md").write_text("another")
    with pytest.raises(Mistake, match=r"card\.md was changed"):
        bare.verify()


def test_training_again_completes_what_was_put_off(bare: Run, project: Path, train: Callable[..., Run]) -> None:
    from overture.runtime.project import Project

    found = Project.open(project, ["model.params.iterations=20", "evaluation.replicates=40"]).finished()

    assert found is not None
    assert names(found) >= set(TOLD)
    assert finished(project, bare.id) == found


def test_what_a_changed_hook_derived_is_not_explained(project: Path, train: Callable[..., Run]) -> None:
    hooks = project / "hooks.py"
    hooks.write_text(
        "import polars as pl\n\n\ndef features(rows: pl.DataFrame) -> pl.DataFrame:\n    return rows.with_columns(half=pl.col('age') / 2)\n"
    )
    with put_off():
        run = train(project)
    hooks.write_text(hooks.read_text().replace("/ 2", "/ 3"))

    with pytest.raises(Mistake, match=r"hooks\.py has changed since"):
        complete(run)
    hooks.write_text(hooks.read_text().replace("/ 3", "/ 2"))
    complete(run)
    found = run.explanations() or {}
    assert found["notes"] == ["80 rows are too few to look for weak groups; 200 are needed"]
    assert [one["column"] for one in found["importance"]] == ["age", "city", "income"]


def test_explanations_can_be_turned_off_and_less_can_be_asked(project: Path, train: Callable[..., Run]) -> None:
    off = train(project, "explanations=null")
    less = train(project, "explanations.errors=2", "explanations.columns=1", "explanations.rows=50")

    assert off.explanations() is None
    assert "explanations.json" not in names(off)
    assert (off.folder / "report.html").is_file()
    found = less.explanations() or {}
    assert (found["rows"], len(found["errors"]["rows"]), len(found["dependence"])) == (50, 2, 1)
    assert off.id != less.id
    assert json.loads((less.folder / "run.json").read_text())["explanations"]["errors"] == 2
