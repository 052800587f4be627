"""Run a piece of work again and again in processes of its own, each stopped one line of our code later than the last.

python interrupted.py promote|record PROJECT kill|interrupt STEP: by SIGKILL, or by control-C, which the code can clean up after.
"""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import sys
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any

import polars as pl

from overture.runtime import report
from overture.runtime.data.column import column
from overture.runtime.data.stored import Stored
from overture.runtime.evaluation import Evaluation
from overture.runtime.metric import METRICS
from overture.runtime.model import Fitted
from overture.runtime.runs.inputs import Inputs
from overture.runtime.runs.ledger import entries, history, production
from overture.runtime.runs.promote import promote
from overture.runtime.runs.record import record
from overture.runtime.runs.store import find, finished, runs
from overture.runtime.schema import Schema
from overture.runtime.scores import BaselineScores, Interval, Scores
from overture.runtime.stated import Stated

for module in ("card", "page"):  # what is imported here need not be imported by every process
    importlib.import_module(f"{report.__name__}.{module}")
METRICS["r2"]
OURS = ("runtime/files.py", "runs/ledger.py", "runs/promote.py", "runs/record.py", "runs/manifest.py")


def stop_at(line: int, how: str) -> None:
    """Stop this process when so many lines of our code have run."""
    passed = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal passed
        if not frame.f_code.co_filename.endswith(OURS):
            return None
        if event == "line":
            passed += 1
            if passed == line:
                if how == "kill":
                    os.kill(os.getpid(), signal.SIGKILL)
                raise KeyboardInterrupt
        return trace

    sys.settrace(trace)


def ended(work: Any, line: int, how: str) -> bool:
    """Did the work end before it was stopped?"""
    child = os.fork()
    if child == 0:
        stop_at(line, how)
        try:
            work()
        except KeyboardInterrupt:
            os._exit(1)
        except BaseException:
            sys.settrace(None)
            import traceback

            traceback.print_exc()
            os._exit(2)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, 1, -signal.SIGKILL), status
    return status == 0


def interrupt_promote(root: Path, how: str, step: int) -> int:
    """Whatever moment a promotion is stopped at, the next command finds or makes a sound state."""
    first, second = sorted(runs(root), key=lambda run: run.id)
    promote(root, [], first)
    state, sound = root / ".overture", root / "sound"
    shutil.copytree(state, sound)
    line = 0
    while True:
        line += step
        done = ended(lambda: promote(root, [], second), line, how)
        for_service = production(root)
        assert for_service is not None
        assert for_service.run_id in (first.id, second.id)
        found = history(root)
        now = production(root)
        assert now is not None
        assert now.run_id == found[-1].run
        assert now.manifest_sha256 == find(root, now.run_id).manifest_sha256
        promote(root, [], second)
        assert [entry.run for entry in entries(root)] == [first.id, second.id]
        assert production(root).run_id == second.id
        if done:
            return line
        shutil.rmtree(state)
        shutil.copytree(sound, state)


def interrupt_record(root: Path, how: str, step: int) -> int:
    """Whatever moment recording is stopped at, only a whole run is ever listed, and the same training then works."""
    line = 0
    while True:
        line += step
        done = ended(lambda: work(root), line, how)
        for run in runs(root):
            run.verify()
            assert sorted(path.name for path in run.folder.iterdir())[:2] == ["card.md", "config.yaml"]
        if done:
            assert finished(root, "0123456789ab") is not None
            return line
        shutil.rmtree(root / "runs", ignore_errors=True)


def work(root: Path) -> None:
    """Record a run made of little; polars is first used here, because its threads do not survive a fork."""

    class Constant(Fitted):
        def save(self, folder: Path) -> None:
            (folder / "constant.json").write_text("1.0")

    class Known(Inputs):
        run_id = "0123456789ab"

    schema = Schema(task="regression", features={"x": column("number")}, target="y", target_column=column("number"))
    frame = pl.DataFrame({"_row": [1, 2], "x": [1.0, 2.0], "y": [1.0, 2.0]})
    rows = SimpleNamespace(
        frame=frame,
        source="a.csv",
        read=2,
        dropped=0,
        unknown={},
        extra=(),
        stored=Stored(),
        aside=0,
        breaches=(),
        notes=(),
    )
    parts = SimpleNamespace(schema=schema, rows=rows, notes=())
    one = Interval(1.0, 1.0, 1.0)
    predictions = pl.DataFrame({"_row": [1, 2], "target": [1.0, 2.0], "prediction": [1.0, 1.0]})
    dummy = BaselineScores("dummy", "the mean", {"r2": 0.0})
    scores = Scores("r2", {"r2": one}, (dummy,), one, predictions, {"train": 2, "test": 2}, ())
    model = SimpleNamespace(kind="constant", label=lambda task: "constant", seed=1)
    spec = SimpleNamespace(seed=1, model=model, explanations=None, data=SimpleNamespace(used=[], content=False))
    project = SimpleNamespace(root=root, name="a", spec=spec, split=model, model=model, hold=lambda rows: None)
    project.evaluation, project.stated = Evaluation(), Stated()
    project.inputs, project.config_text, project.durations = Known({}, "", {}, {}), "name: a\n", {}
    record(project, parts, Constant(), scores)


if __name__ == "__main__":
    piece, folder, how, step = sys.argv[1:]
    interrupt = {"promote": interrupt_promote, "record": interrupt_record}[piece]
    print(interrupt(Path(folder), how, int(step)))
