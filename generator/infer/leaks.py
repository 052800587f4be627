"""Columns that seem to know the answer, and columns that follow from others. Suspicions are said; nothing is dropped.

At most 50,000 rows are looked at, spread evenly over the file, and 300 columns where columns are compared with each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .inferred import Note
from .words import tokens

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

_ROWS = 50_000
_MOST_COMPARED = 300
_MOST_MULTIPLIED = 30
_FEW = 30  # rows below which every relation may be chance
_CLOSE = 0.98  # a correlation with the target that is too good
_EXACT = 1e-6


def leaks(features: Mapping[str, pl.Series], target: pl.Series, classification: bool) -> list[Note]:
    """Look at every feature against the target, then at the numbers among themselves."""
    import polars as pl

    answered = target.is_not_null()
    step = max(1, int(answered.sum()) // _ROWS)
    frame = pl.DataFrame({"": target, **features}).filter(answered).gather_every(step)
    answer, rows = frame[""], frame.drop("")
    notes = [note for name in features if (note := _named(name, target.name)) is not None]
    if answer.len() < _FEW:
        return notes
    if classification:
        ordered = answer.cast(pl.Int64) if answer.dtype == pl.Boolean else answer
        classes = ordered.rank("dense").cast(pl.Int64)  # 1, 2, …
        notes += [
            Note(name, f"tells {target.name} by itself{_so(rows[name])}")
            for name in rows.columns
            if _decides(rows[name], classes)
        ]
    else:
        notes += _sums(rows, answer.cast(pl.Float64), target.name)
    return notes + _products(rows)


def _so(values: pl.Series) -> str:
    import polars as pl

    return ": is it known before?" if values.dtype == pl.String else ", above or below a value: is it known before?"


def _named(name: str, target: str) -> Note | None:
    asked, said = tokens(target), tokens(name)
    if asked and len("".join(asked)) >= 3 and name != target and set(asked) <= set(said):
        return Note(name, f"is named after {target}: is it known before?")
    return None


def _decides(values: pl.Series, classes: pl.Series) -> bool:
    """Does the column alone tell (nearly) every row's class, by its labels or by where its numbers stand?"""
    import polars as pl

    if values.dtype in (pl.String, pl.Boolean):
        groups = pl.DataFrame({"x": values, "y": classes}).group_by("x", "y").len()
        if groups["x"].n_unique() * 10 > values.len():
            return False
        right = int(groups.group_by("x").agg(pl.col("len").max())["len"].sum())
    elif values.dtype.is_numeric():
        right = _in_stretches(values, classes)
    else:
        return False
    most = int(classes.value_counts()["count"].max())  # type: ignore[arg-type]
    return (values.len() - right) <= 0.005 * (values.len() - most)


def _in_stretches(values: pl.Series, classes: pl.Series) -> int:
    """Rows that stand in the longest stretch of their class, one stretch a class, when the rows are ordered by a number.

    Rows with the same number are told apart by nothing: only those of their most frequent class count.
    """
    import numpy as np
    import polars as pl

    missing = values.null_count()
    if missing > 0.1 * values.len():
        return 0
    table = pl.DataFrame({"x": values.cast(pl.Float64), "y": classes}).drop_nulls("x")
    counts = table.group_by("x", "y").len().sort(["x", "len", "y"], descending=[False, True, False])
    first = counts.unique("x", keep="first", maintain_order=True)
    labels, rows = first["y"].to_numpy(), first["len"].to_numpy()
    if not labels.size:
        return 0
    starts = np.flatnonzero(np.append(True, labels[1:] != labels[:-1]))
    lengths = np.sort(np.add.reduceat(rows, starts))
    return int(lengths[-int(labels.max()) :].sum()) + missing


def _sums(rows: pl.DataFrame, answer: pl.Series, target: str) -> list[Note]:
    """Numbers that are the target, scaled, or that add up to it."""
    import polars as pl
    import polars.selectors as cs

    related = rows.select(pl.corr(cs.numeric().cast(pl.Float64), answer.rename("")))
    notes = [
        Note(column.name, f"follows {target} closely (r = {_r(column[0])}): is it known before?")
        for column in related
        if column[0] is not None and abs(column[0]) > _CLOSE
    ]
    names, table = _numbers(rows.with_columns(answer.alias("")))
    return (
        notes + _added(names[:-1], table[:, :-1], table[:, -1], target) if len(names) > 2 and names[-1] == "" else notes
    )


def _added(names: list[str], table: NDArray[np.float64], y: NDArray[np.float64], target: str) -> list[Note]:
    """The few columns whose weighted sum is the target in every row, found by least squares."""
    import numpy as np

    if table.shape[0] <= 2 * len(names):
        return []
    centred, aim = table - table.mean(axis=0), y - y.mean()
    scale = np.where(centred.std(axis=0) > 0, centred.std(axis=0), 1)
    weights = np.linalg.lstsq(centred / scale, aim, rcond=None)[0]
    left = aim - centred / scale @ weights
    used = [(name, w / s) for name, w, s in zip(names, weights, scale, strict=True) if abs(w) > _EXACT * aim.std()]
    if left.std() > _EXACT * aim.std() or not 1 < len(used) <= 6:
        return []
    said = " + ".join(name if abs(w - 1) < 1e-6 else f"{w:.4g} x {name}" for name, w in used)
    return [Note(name, f"gives the answer away: {target} = {said} in every row") for name, _ in used]


def _products(rows: pl.DataFrame) -> list[Note]:
    """Numbers that are nearly the product of two others, as a total is of price and time."""
    import numpy as np

    names, table = _numbers(rows, few=20)
    if not 3 <= len(names) <= _MOST_MULTIPLIED:
        return []
    table = table[:: max(1, table.shape[0] // 5000)]
    with np.errstate(all="ignore"):
        alone = np.abs(np.nan_to_num(np.corrcoef(table, rowvar=False)))
        first, second = np.triu_indices(len(names), 1)
        together = np.abs(_matrix(table[:, first] * table[:, second], table))
    found: list[tuple[float, int, int, int]] = []
    for whole in range(len(names)):
        fits = [pair for pair in range(len(first)) if whole not in (first[pair], second[pair])]
        best = max(fits, key=lambda pair: together[pair, whole])
        a, b = int(first[best]), int(second[best])
        if together[best, whole] > 0.999 and max(alone[a, whole], alone[b, whole]) < 0.95:
            found.append((float(together[best, whole]), whole, a, b))
    if not found:
        return []
    r, whole, a, b = max(found)
    more = f"; {len(found) - 1} more columns follow from others" if len(found) > 1 else ""
    return [Note(names[whole], f"follows {names[a]} x {names[b]} (r = {_r(r)}){more}")]


def _numbers(rows: pl.DataFrame, few: int = 2) -> tuple[list[str], NDArray[np.float64]]:
    """The numeric columns with more than `few` different values, and the rows where all have one."""
    import numpy as np
    import polars as pl
    import polars.selectors as cs

    numeric = rows.select(cs.numeric())
    names = [column.name for column in numeric if column.n_unique() > few and column.null_count() < 0.5 * column.len()]
    names = [*names[: _MOST_COMPARED - 1], names[-1]] if len(names) > _MOST_COMPARED else names
    table = numeric.select(pl.col(names).cast(pl.Float64)).drop_nulls().to_numpy() if names else None
    if table is None or table.shape[0] < _FEW:
        return [], np.empty((0, 0))
    return names, table


def _matrix(left: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pearson's r of every column of the one table with every column of the other; 0 where a column never changes."""
    import numpy as np

    def unit(table: NDArray[np.float64]) -> NDArray[np.float64]:
        centred = table - table.mean(axis=0)
        norm = np.sqrt((centred**2).sum(axis=0))
        return np.asarray(centred / np.where(norm > 0, norm, np.inf), dtype=np.float64)

    found: NDArray[np.float64] = unit(left).T @ unit(right)
    return found


def _r(value: float) -> str:
    """A correlation with as many digits as it takes to see that it is not quite one."""
    for digits in (2, 3, 4, 5):
        if abs(round(value, digits)) < 1:
            return f"{value:.{digits}f}"
    return "-1" if value < 0 else "1"
