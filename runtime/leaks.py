"""What the rows to learn from give away of the rows that judge: the same rows, the answer itself, the future."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from . import figures

if TYPE_CHECKING:
    import polars as pl

    from .schema import Schema

_SAMPLE = 50_000
"""At most so many rows are looked at for columns that are the target."""
_FEW = 30  # rows below which every relation may be chance
_RARE = 5  # rows of a class below which it may be chance that a column follows it
_CLOSE = 0.9999  # a correlation with the target that no measurement has
_WRONG = 0.01  # the share of the rarest class that a column may get wrong and still be the target
_TELLING = 3  # numbers with fractions that are compared before all columns are: hardly two rows agree in them by chance
_FOLD = "fold of the row"
_COARSE = 0.5  # the share of different rows below which rows are often equal by themselves


def leaks(
    train: pl.DataFrame, valid: pl.DataFrame, test: pl.DataFrame, schema: Schema, kind: str, together: bool = False
) -> Iterator[str]:
    """What a person should know, a sentence each, with counts; of validation rows what is not said of test rows already.

    kind: the way the rows were split. together: what Split.keeps_together says of it; then no key is torn, and without
    a key no row is, so nobody looks for these.
    """
    import polars as pl

    known = pl.concat([train, valid])
    if not together:
        told = [*_same_key(known, test, schema, kind, "test row", "scores may be too good")]
        yield from told or _same_key(train, valid, schema, kind, "validation row", "training may stop too late")
    if not together or schema.key is not None:
        told = [*_same_row(known, test, schema, "test row")]
        yield from told or _same_row(train, valid, schema, "validation row")
    yield from _future(known, test, schema)
    yield from _answers(known, schema)


def fold_leaks(frame: pl.DataFrame, fold: pl.Series, schema: Schema, kind: str) -> Iterator[str]:
    """What a person should know of the rows of each fold and those that are learned from meanwhile.

    fold: the fold of each row, as Split.fold says it.
    """
    import polars as pl

    within = frame.with_columns(fold.alias(_FOLD)).filter(pl.col(_FOLD).is_not_null())
    judged = within[_FOLD].filter(within[_FOLD] > 0)
    many, held = judged.n_unique(), judged.len()
    if schema.key is not None and not _series(within, schema, kind):
        twice = _torn(within.select(schema.key).to_series(), within[_FOLD], kind)
        if twice:
            share = "shares its" if twice == 1 else "share their"
            yield f"{_of(twice, held, 'row')} in {many} folds {share} {schema.key} with rows to learn from: their scores may be too good"
    columns = [name for name in (*schema.inputs, schema.target) if name in within.columns]
    hashes = within.select(columns).hash_rows()
    if hashes.n_unique() >= _COARSE * within.height and (same := _torn(hashes, within[_FOLD], kind)):
        has = "has" if same == 1 else "have"
        yield f"{_of(same, held, 'row')} in {many} folds {has} the very values of a row to learn from{_beside(schema)}"
    if schema.time in within.columns and kind != "time":
        first = within.group_by(_FOLD).agg(start=pl.col(schema.time).min(), end=pl.col(schema.time).max())
        ahead = first.join(first, how="cross").filter((pl.col(_FOLD) != pl.col(f"{_FOLD}_right")) & (pl.col(_FOLD) > 0))
        if (ahead["end_right"] > ahead["start"]).any():
            yield "folds are judged by what was learned from later rows too; split=time learns from the past only"


def _torn(values: pl.Series, fold: pl.Series, kind: str) -> int:
    """How many rows held out share their value with rows that are learned from meanwhile."""
    import polars as pl

    rows = pl.DataFrame({"value": values, "fold": fold}).drop_nulls("value")
    other = (
        pl.col("fold") > pl.col("fold").min().over("value")
        if kind == "time"
        else pl.col("fold").n_unique().over("value") > 1
    )
    return rows.filter(pl.col("fold") > 0, other).height if rows.height else 0


def _series(known: pl.DataFrame, schema: Schema, kind: str) -> bool:
    """Does the key say what a row is about and not which row it is, as that of a shop does in a table of days?"""
    return kind == "time" and known[str(schema.key)].n_unique() < _COARSE * known.height


def _same_key(
    known: pl.DataFrame, judged: pl.DataFrame, schema: Schema, kind: str, noun: str, ends: str
) -> Iterator[str]:
    if schema.key is None or judged.is_empty() or _series(known, schema, kind):
        return
    shared = judged.select(schema.key).drop_nulls().join(known.select(schema.key), on=schema.key, how="semi").height
    if shared:
        share = "shares its" if shared == 1 else "share their"
        yield f"{_of(shared, judged.height, noun)} {share} {schema.key} with rows to learn from: {ends}"


def _same_row(known: pl.DataFrame, judged: pl.DataFrame, schema: Schema, noun: str) -> Iterator[str]:
    names = [name for name in (*schema.inputs, schema.target) if name in known.columns]
    few = [name for name in names if known.schema[name].is_float()][:_TELLING]
    if judged.is_empty() or (few and not _both(_hashes(known, few), _hashes(judged, few)).len()):
        return
    theirs, ours = _hashes(known, names), _hashes(judged, names)
    hit = _both(theirs, ours)
    if hit.len() and theirs.n_unique() >= _COARSE * theirs.len():
        same = int(ours.is_in(hit.implode()).sum())
        has = "has" if same == 1 else "have"
        yield f"{_of(same, ours.len(), noun)} {has} the very values of a row to learn from{_beside(schema)}"


def _hashes(rows: pl.DataFrame, names: list[str]) -> pl.Series:
    """The engine's hash of what each row says will do, because it is forgotten at once; a chance hit takes billions of rows."""
    return rows.select(names).hash_rows().alias("hash")


def _both(theirs: pl.Series, ours: pl.Series) -> pl.Series:
    """The hashes that are on both sides."""
    return theirs.to_frame().join(ours.to_frame(), on="hash", how="semi").to_series().unique()


def _of(some: int, every: int, noun: str) -> str:
    return f"{figures.count(some)} of {figures.counted(every, noun)}"


def _beside(schema: Schema) -> str:
    return f", {schema.key} aside" if schema.key else ""


def _future(known: pl.DataFrame, test: pl.DataFrame, schema: Schema) -> Iterator[str]:
    if schema.time is None or schema.time not in known.columns:
        return
    later = int((known[schema.time] > test[schema.time].min()).sum())
    if later:
        is_ = "is" if later == 1 else "are"
        many = f"{_of(later, known.height, 'row')} to learn from"
        yield f"{many} {is_} later than the first test row; split=time learns from the past only"


def _answers(known: pl.DataFrame, schema: Schema) -> Iterator[str]:
    rows = known.gather_every(max(1, known.height // _SAMPLE)).head(_SAMPLE)
    follows = _names_class if schema.classification else _tells_number
    for name in schema.inputs:
        if name in rows.columns:
            pairs = rows.select(it=name, answer=schema.target).drop_nulls()
            if pairs.height >= _FEW and follows(pairs):
                yield f"{name} all but says {schema.target}: is it known when a prediction is asked for?"


def _names_class(pairs: pl.DataFrame) -> bool:
    """Does each value go with one class, with hardly an exception?"""
    import polars as pl

    sizes = pairs["answer"].value_counts()["count"]
    rarest = min(sizes.to_list(), default=0)
    if rarest < _RARE or not sizes.len() <= pairs["it"].n_unique() <= 2 * sizes.len():
        return False
    told = pairs.group_by("it", "answer").len().group_by("it").agg(pl.col("len").max())["len"].sum()
    return sizes.len() > 1 and pairs.height - told <= _WRONG * rarest


def _tells_number(pairs: pl.DataFrame) -> bool:
    import polars as pl

    if not pairs.schema["it"].is_numeric():
        return False
    found = pairs.select(pl.corr(pl.col("it").cast(pl.Float64), pl.col("answer").cast(pl.Float64))).item()
    return found is not None and abs(found) >= _CLOSE
