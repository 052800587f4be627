"""Two runs beside each other: what went in, how each scores on the rows that both were tested on, and where they disagree."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ..errors import Mistake
from ..scores import Interval
from . import table
from .comparison import REPLICATES, metric_of, scored
from .run import PREDICTIONS, Run

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Score:
    """One metric of both runs."""

    name: str
    greater_is_better: bool
    first: float | None
    second: float | None
    gain: Interval | None
    """How much better the first is, paired over the rows; positive is better. None where the rows are not the same."""


@dataclass(frozen=True)
class Beside:
    """Two runs of one project."""

    first: Run
    second: Run
    settings: dict[str, tuple[Any, Any]]
    """The keys of the configuration that differ, each with the value of the first and of the second."""
    inputs: dict[str, tuple[Any, Any]]
    """What else went in and differs: files of data and code, versions, rows, columns."""
    scores: list[Score]
    rows: tuple[pl.DataFrame, pl.DataFrame] | None
    """The predictions of both on the rows that both were tested on, row by row the same; None: there are none."""
    why: str
    """How the rows were matched, or why they are not."""

    def as_dict(self) -> dict[str, Any]:
        """For a machine to read."""
        return {
            "runs": [self.first.id, self.second.id],
            "rows": self.rows[0].height if self.rows else 0,
            "matched": self.why,
            "settings": {name: list(both) for name, both in self.settings.items()},
            "inputs": {name: list(both) for name, both in self.inputs.items()},
            "metrics": [asdict(one) for one in self.scores],
        }


def beside(first: Run, second: Run) -> Beside:
    """Two runs compared.

    Raises Mistake when they answer different questions, or when their predictions are gone.
    """
    if (first.task, first.facts["target"]) != (second.task, second.facts["target"]):
        told = " and ".join(f"{run.id} predicts {run.facts['target']} ({run.task})" for run in (first, second))
        raise Mistake(f"{told}: they cannot be compared.", hint="Choose two runs of the same target and task.")
    rows, why = _matched(first, second)
    settings = _settings(first, second)
    return Beside(first, second, settings, dict(_inputs(first, second)), _scores(first, second, rows), rows, why)


def _differing(ours: dict[str, Any], theirs: dict[str, Any]) -> Iterator[tuple[str, tuple[Any, Any]]]:
    for name in dict.fromkeys([*ours, *theirs]):
        if ours.get(name) != theirs.get(name):
            yield name, (ours.get(name), theirs.get(name))


def _inputs(first: Run, second: Run) -> Iterator[tuple[str, tuple[Any, Any]]]:
    ours, theirs = first.facts["inputs"], second.facts["inputs"]
    for noun in ("data", "code", "environment"):
        for name, (one, other) in _differing(ours[noun], theirs[noun]):
            short = noun != "environment"
            yield name, tuple(it[:12] if short and it else it for it in (one, other))
    for what in ("read", "dropped"):
        if first.facts["data"][what] != second.facts["data"][what]:
            yield f"rows {what}", (first.facts["data"][what], second.facts["data"][what])
    for part, both in _differing(first.facts["rows"], second.facts["rows"]):
        yield f"{part} rows", both


def _settings(first: Run, second: Run) -> dict[str, tuple[Any, Any]]:
    """The keys of the configuration that differ; labels of personal columns are not said."""
    personal = {name for run in (first, second) for name, column in run.schema().columns.items() if column.personal}
    hidden = {f"data.columns.{name}.values" for name in personal}
    found = dict(_differing(table.flat(first), table.flat(second)))
    return {name: ("not shown", "not shown") if name in hidden else both for name, both in found.items()}


def _matched(first: Run, second: Run) -> tuple[tuple[pl.DataFrame, pl.DataFrame] | None, str]:
    """The predictions on the rows that both were tested on."""
    import polars as pl

    try:
        ours, theirs = (pl.read_parquet(run.folder / PREDICTIONS) for run in (first, second))
    except OSError as error:
        raise Mistake("predictions.parquet of one of the runs is gone.", hint="Restore it, or train again.") from error
    if first.facts["test_rows"] == second.facts["test_rows"] and ours["_row"].equals(theirs["_row"]):
        return (ours, theirs), "both were tested on the same rows"
    by = _shared(first, second, ours, theirs)
    if by is None:
        return None, "they were tested on other rows, and without a key these cannot be matched"
    if any(frame[by].n_unique() < frame.height for frame in (ours, theirs)):
        return (
            None,
            f"they were tested on other rows, and {by} is not different in every one, so these cannot be matched",
        )
    places = (
        ours.with_row_index("_ours")
        .join(theirs.with_row_index("_theirs"), on=[by, "target"], how="inner")
        .sort("_ours")
    )
    if places.is_empty():
        return None, "no row was a test row of both"
    way = "by their number in the data" if by == "_row" else f"by {by}"
    return (ours[places["_ours"]], theirs[places["_theirs"]]), f"only rows that were test rows of both, matched {way}"


def _shared(first: Run, second: Run, ours: pl.DataFrame, theirs: pl.DataFrame) -> str | None:
    """The column by which the rows of both can be matched."""
    if ours["target"].dtype != theirs["target"].dtype:
        return None
    if first.facts["inputs"]["data"] == second.facts["inputs"]["data"]:
        return "_row"
    key = first.schema().key
    shared = key is not None and key == second.schema().key and key in ours.columns and key in theirs.columns
    return key if shared and ours[str(key)].dtype == theirs[str(key)].dtype else None


def _scores(first: Run, second: Run, rows: tuple[pl.DataFrame, pl.DataFrame] | None) -> list[Score]:
    """Each metric that both measured; on the rows of both where there are some, else as each run recorded it."""
    names = [name for name in first.facts["metrics"] if name in second.facts["metrics"]]
    if rows is None or first.schema().classes != second.schema().classes:
        return [_recorded(first, second, name) for name in names]
    return [_paired(first, second, name, rows) for name in names]


def _recorded(first: Run, second: Run, name: str) -> Score:
    ours, theirs = (run.facts["metrics"][name]["value"] for run in (first, second))
    return Score(name, metric_of(first, name).greater_is_better, ours, theirs, None)


def _paired(first: Run, second: Run, name: str, rows: tuple[pl.DataFrame, pl.DataFrame]) -> Score:
    import numpy as np

    from ..measuring import Judged, intervals

    metric = metric_of(first, name)
    truth, ours = scored(first, metric, rows[0])
    _, theirs = scored(second, metric, rows[1])
    _, gain = intervals(Judged(truth, ours, theirs), {name: metric}, REPLICATES)
    ones = np.ones((1, truth.size))
    first_value, second_value = (
        _defined(float(metric.score(truth, predicted, ones)[0])) for predicted in (ours, theirs)
    )
    defined = gain if math.isfinite(gain.low) else None
    return Score(name, metric.greater_is_better, first_value, second_value, defined)


def _defined(value: float) -> float | None:
    return value if math.isfinite(value) else None
