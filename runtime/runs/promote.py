"""Put a run in production when it passes its gates, or go back to the run before it."""

from __future__ import annotations

import getpass
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from .. import figures
from ..errors import Mistake, Problem, Refusal
from . import git, ledger
from .completion import complete
from .ledger import Entry, Production
from .run import RUNS, Run
from .store import comparable

if TYPE_CHECKING:
    from ..evaluation import Gate

VERDICTS = {True: "passed", False: "failed", None: "not judged"}


@dataclass(frozen=True)
class GateResult:
    """What one gate said of a run."""

    name: str
    """What was asked, for example "roc_auc at least 0.8"."""
    text: str
    """What was found, for example "0.847 [0.823, 0.871]"."""
    passed: bool | None
    """None: said for information, and never in the way."""

    @property
    def verdict(self) -> str:
        """passed, failed or not judged."""
        return VERDICTS[self.passed]


@dataclass(frozen=True)
class Promotion:
    """A run that is in production now."""

    run: Run
    gates: tuple[GateResult, ...]
    changed: bool
    """False when the run was in production already; then nothing was written."""


def promote(root: Path, gates: Sequence[Gate], run: Run, why: str = "") -> Promotion:
    """Put a run of the project in production.

    Raises Refusal with every gate that failed, and Mistake when the run was changed since it was recorded or is not of
    this project; then nothing is written.
    """
    run = _own(root, run)
    with ledger.locked(root):
        found = ledger.settle(root)
        current = ledger.production(root)
        if current is not None and (current.run_id, current.manifest_sha256) == (run.id, run.manifest_sha256):
            return Promotion(run, (), changed=False)
        results = tuple(judge(root, gates, run, current))
        _passed(results)
        _write(root, found, ledger.PROMOTED, complete(run), why, results)
    return Promotion(run, results, changed=True)


def challenge(root: Path, gates: Sequence[Gate], run: Run, why: str = "") -> Promotion:
    """Have a run of the project tried beside the one in production, in the place of another that is.

    Raises Refusal with every gate that failed, and Mistake when nothing is in production yet, when it is this run, or when
    the run was changed since it was recorded or is not of this project; then nothing is written.
    """
    run = _own(root, run)
    with ledger.locked(root):
        found = ledger.settle(root)
        current = ledger.production(root)
        if current is None:
            raise Mistake("nothing is in production yet to be challenged.", hint="Run: overture promote best")
        if current.run_id == run.id:
            raise Mistake(f"{run.id} is in production itself.", hint="overture runs lists others.")
        if current.challenger == ledger.Challenger(run.id, run.manifest_sha256):
            return Promotion(run, (), changed=False)
        results = tuple(judge(root, gates, run, current))
        _passed(results)
        _write(root, found, ledger.CHALLENGING, run, why, results)
    return Promotion(run, results, changed=True)


def withdraw(root: Path, why: str = "") -> str:
    """Try the challenger no more, and give its id.

    Raises Mistake when there is none.
    """
    with ledger.locked(root):
        found = ledger.settle(root)
        entry = ledger.challenging(found)
        if entry is None:
            raise Mistake("no run is tried beside production.", hint="overture history shows what was.")
        ledger.append(
            root, replace(entry, at=_now(found), by=_person(root), action=ledger.WITHDRAWN, why=why, gates=())
        )
    return entry.run


def rollback(root: Path, why: str = "") -> Run:
    """Put the run that was in production before back there, and give it. Going back again goes back further.

    Raises Mistake when there is none before, or when it is gone or was changed.
    """
    with ledger.locked(root):
        found = ledger.settle(root)
        standing = ledger.in_force(found)
        if len(standing) < 2:
            what = (
                "nothing was promoted yet" if not standing else f"nothing was in production before {standing[-1].run}"
            )
            raise Mistake(f"{what}.", hint="overture history shows what was promoted.")
        before = standing[-2]
        run = _own(root, Run.open(root / RUNS / before.run), before.manifest_sha256)
        _write(root, found, ledger.ROLLED_BACK, run, why, ())
    return run


def _passed(results: Sequence[GateResult]) -> None:
    if failed := [result for result in results if result.passed is False]:
        raise Refusal(
            [Problem(f"gate {result.name}: {result.text}, failed.") for result in failed],
            notes=[f"gate {result.name}: {result.text}, {result.verdict}" for result in results if result.passed],
        )


def judge(root: Path, gates: Sequence[Gate], run: Run, current: Production | None) -> Iterator[GateResult]:
    """What each gate says: the baseline's, those of the configuration, and, for information, production's."""
    yield _baseline(run)
    for gate in gates:
        yield from _floor(gate, run)
    yield _production(root, run, current)


def _baseline(run: Run) -> GateResult:
    """The whole 95 % interval of the gain must lie above zero: a lucky draw of test rows does not pass."""
    gain = {name: math.nan if value is None else value for name, value in run.facts["gain"].items()}
    text = f"{run.facts['objective']} better by {figures.interval(gain['value'], gain['low'], gain['high'])}"
    if len(run.facts.get("baselines", ())) > 1:
        text += f" than {run.facts['baseline_label']}"
    return GateResult("better than the baseline", text, gain["low"] > 0)


def _floor(gate: Gate, run: Run) -> Iterator[GateResult]:
    measured = run.facts["metrics"].get(gate.metric)
    for word, bound in (("least", gate.min), ("most", gate.max)):
        if bound is None:
            continue
        name = f"{gate.metric} at {word} {bound:g}"
        if measured is None or measured["value"] is None:
            yield GateResult(name, "not measured in this run; train again", False)
            continue
        passed = measured["value"] >= bound if word == "least" else measured["value"] <= bound
        yield GateResult(name, _shown(measured), passed)


def _production(root: Path, run: Run, current: Production | None) -> GateResult:
    name = "not worse than production"
    if current is None:
        return GateResult(name, "none yet", None)
    try:
        other = Run.open(root / RUNS / current.run_id)
    except Mistake:
        return GateResult(name, f"not compared, runs/{current.run_id} is not here", None)
    if comparable(run) != comparable(other):
        return GateResult(name, f"not compared, {other.id} was scored on other rows or by another objective", None)
    objective = run.facts["objective"]
    return GateResult(
        name, f"{objective} {figures.figure(run.objective)}, there {figures.figure(other.objective)}", None
    )


def _shown(measured: dict[str, float | None]) -> str:
    value, low, high = (math.nan if (part := measured[key]) is None else part for key in ("value", "low", "high"))
    return figures.interval(value, low, high)


def _own(root: Path, run: Run, manifest_sha256: str | None = None) -> Run:
    """The run as it is on the disk, verified, and one of this project."""
    run = Run.open(run.folder)
    if run.folder.resolve().parent != (root / RUNS).resolve():
        raise Mistake(f"{run.folder} is not a run of this project.", hint="overture runs lists them.")
    run.verify(manifest_sha256)
    return run


def _write(root: Path, found: Sequence[Entry], action: str, run: Run, why: str, results: Sequence[GateResult]) -> None:
    gates = [asdict(result) for result in results]
    ledger.append(root, Entry(_now(found), _person(root), action, run.name, run.id, run.manifest_sha256, why, gates))


def _now(found: Sequence[Entry]) -> str:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return max(now, found[-1].at) if found else now  # a clock that was set back does not reorder history


def _person(root: Path) -> str:
    return git.person(root) or _account()


def _account() -> str:
    """Who does it, where git knows no name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name, as in some containers
        return "unknown"
