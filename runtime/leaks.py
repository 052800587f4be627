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
_COARSE = 0.5  # the share of different rows below which rows are often equal by themselves


def leaks(known: pl.DataFrame, test: pl.DataFrame, schema: Schema, kind: str) -> Iterator[str]:
    """What a person should know, a sentence each, with counts.

    known: the rows of train and valid. kind: the way they were split.
    """
    yield from _same_key(known, test, schema)
    yield from _same_row(known, test, schema)
    yield from _future(known, test, schema, kind)
    yield from _answers(known, schema)


def _same_key(known: pl.DataFrame, test: pl.DataFrame, schema: Schema) -> Iterator[str]:
    if schema.key is None:
        return
    shared = test.select(schema.key).drop_nulls().join(known.select(schema.key), on=schema.key, how="semi").height
    if shared:
        many = f"{figures.count(shared)} of {figures.counted(test.height, 'test row')}"
        share = "shares its" if shared == 1 else "share their"
        yield f"{many} {share} {schema.key} with rows to learn from: scores may be too good"


def _same_row(known: pl.DataFrame, test: pl.DataFrame, schema: Schema) -> Iterator[str]:
    """The engine's hash will do, because it is forgotten at once; a chance hit takes billions of rows."""
    columns = [name for name in (*schema.inputs, schema.target) if name in known.columns]
    learned = known.select(columns).hash_rows().unique()
    if learned.len() < _COARSE * known.height:
        return
    same = int(test.select(columns).hash_rows().is_in(learned.implode()).sum())
    if same:
        beside = f", {schema.key} aside" if schema.key else ""
        has = "has" if same == 1 else "have"
        many = f"{figures.count(same)} of {figures.counted(test.height, 'test row')}"
        yield f"{many} {has} the very values of a row to learn from{beside}"


def _future(known: pl.DataFrame, test: pl.DataFrame, schema: Schema, kind: str) -> Iterator[str]:
    if schema.time is None or kind == "time" or schema.time not in known.columns:
        return
    later = int((known[schema.time] > test[schema.time].min()).sum())
    if later:
        many = f"{figures.count(later)} of {figures.counted(known.height, 'row')} to learn from"
        yield f"{many} {'is' if later == 1 else 'are'} later than the first test row; split=time learns from the past only"


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
