"""Rows told apart into train, valid and test, and what the first two teach about the columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from . import classes, figures
from .data.column import CategoryColumn
from .data.once import of_shared
from .errors import Mistake, Problem, did_you_mean, listed
from .folds import divided
from .leaks import fold_leaks, leaks
from .progress import step
from .splitting import PARTS, TEST, TRAIN, Split

if TYPE_CHECKING:
    import polars as pl

    from .data.rows import Rows
    from .schema import Class, Schema

_ANOTHER_CHANCE = 1 << 32  # beyond every seed, so that carving does not follow the split


@dataclass(frozen=True)
class Parts:
    """The rows a model learns from, those that stop it early, and those that judge it."""

    train: pl.DataFrame
    valid: pl.DataFrame
    """May be empty."""
    test: pl.DataFrame
    schema: Schema
    """With the classes, the positive class and the categories of train and valid."""
    rows: Rows
    """All of them; where there are no folds, in the order of the parts."""
    split: str
    """The kind of split, for people."""
    notes: tuple[str, ...]
    """What a person should know about the parts."""
    by: Split | None = None
    """How the rows were told apart; None: nobody knows."""
    fold: pl.Series | None = None
    """The fold of each row of `rows`, as Split.fold says it; None: there are no folds."""


def split(rows: Rows, split: Split) -> Parts:
    """Tell the rows apart and learn the schema from those the model may see; `split.seed` is filled.

    Raises Mistake when the rows cannot be split so, when train or test would be empty, and when the classes do not fit the task.
    """
    with step("split") as now:
        # a sweep changes the model more often than the split
        parts, lines = of_shared(rows, "split", split.model_dump_json(), lambda: _split(rows, split))
        for line in lines:
            now.say(line)
    return replace(parts, **{name: getattr(parts, name).clone() for name in PARTS})


def _split(rows: Rows, split: Split) -> tuple[Parts, list[str]]:
    """The parts, and what is said of them."""
    part = split.assign(rows.frame, rows.schema)
    masks = [(part == name).fill_null(False) for name in PARTS]
    # folds are made of the rows in their order
    train, valid, test = map(rows.frame.filter, masks) if split.folds else rows.apart(masks)
    problems = [*_empty(train, test, split, rows.frame.height)]
    if problems:
        raise Mistake(problems)
    schema = learned(train, valid, rows.schema)
    notes = [*_unseen(test, schema), *leaks(train, valid, test, schema, split.kind, split.keeps_together)]
    sizes = [*zip(PARTS, (train, valid, test), strict=True)]
    said = [f"{name} {figures.count(rows_of.height)}" for name, rows_of in sizes]
    if part.null_count():
        said.append(f"left out {figures.count(part.null_count())}")
    lines = [f"{split.kind}: " + "  ".join(said)]
    fold = None if split.folds is None else divided(rows, split, part)
    if fold is not None:
        lines.append(_sizes(fold, split))
        notes += fold_leaks(rows.frame, fold, schema, split.kind)
    parts = Parts(train, valid, test, schema, rows, split.kind, tuple(notes), split, fold)
    return parts, [*lines, *notes]


def carve(train: pl.DataFrame, schema: Schema, seed: int, by: Split | None = None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The training rows parted into those that train and those that validate, about a tenth.

    They are parted as the rows were by the split: the latest rows, whole groups, else by chance with its share of each class.
    No class leaves the training rows. The second frame is empty when the rows are too few to give one away.
    """
    from .splits.stratified import Stratified

    by_class = Stratified(seed=0)
    for way in (by or by_class, by_class):
        part = way.aside(train, schema, seed ^ _ANOTHER_CHANCE)
        rest, taken = train.filter(part == TRAIN), train.filter(part == TEST)
        whole = not schema.classification or rest[schema.target].n_unique() == train[schema.target].n_unique()
        if whole and not rest.is_empty() and not taken.is_empty():
            break
    return rest, taken


def learned(train: pl.DataFrame, valid: pl.DataFrame, schema: Schema) -> Schema:
    """The schema with what train and valid teach: classes, positive class, and the labels of each category in a pinned order.

    Raises Mistake when the classes do not fit the task.
    """
    import polars as pl

    seen = pl.concat([train, valid])
    found: dict[str, Any] = {"categories": _categories(seen, schema)}
    if schema.classification:
        counts = classes.count(seen[schema.target])
        trained = classes.count(train[schema.target])
        if problems := [*_misfits(counts, trained, schema)]:
            raise Mistake(problems)
        found["classes"] = list(counts)
        if schema.task == "binary" and schema.positive is None:
            found["positive"] = classes.positive_class(counts)
    return schema.model_copy(update=found)


def _categories(seen: pl.DataFrame, schema: Schema) -> dict[str, list[int | str]]:
    return {
        name: list(column.values) if column.values is not None else seen[name].drop_nulls().unique().sort().to_list()
        for name, column in schema.inputs.items()
        if isinstance(column, CategoryColumn)
    }


def _sizes(fold: pl.Series, split: Split) -> str:
    sizes = [int((fold == number).sum()) for number in range(1, (split.folds or 0) + 1)]
    least, most = figures.count(min(sizes)), figures.count(max(sizes))
    many = f"{least} rows each" if least == most else f"{least} to {most} rows"
    return f"{split.folds} folds of {many}" + (", each after the rows it learns from" if split.kind == "time" else "")


def _empty(train: pl.DataFrame, test: pl.DataFrame, split: Split, rows: int) -> Iterator[Problem]:
    if rows == 0:
        yield Problem(
            "there are no rows to split.", ("data",), hint="Look at the source, and at how many targets are missing."
        )
        return
    many = figures.counted(rows, "row")
    way = f"by {split.divider}" if split.divider else f"({split.kind})"
    for name, part in (("train on", train), ("test with", test)):
        if part.is_empty():
            yield Problem(f"the split {way} of {many} leaves none to {name}.", ("split",), hint=_remedy(split, rows))


def _remedy(split: Split, rows: int) -> str:
    if split.kind == "predefined":
        return f'Some rows must say "train" in {split.divider}, and some "test".'
    if rows < 10:
        return "More rows are needed."
    if split.divider:
        return "There are too few groups; choose another split or another column."
    return "Many rows are equal in all that decides where they go. Set data.key to what tells them apart, or change the shares."


def _misfits(counts: dict[Class, int], trained: dict[Class, int], schema: Schema) -> Iterator[Problem]:
    from .predicted import written

    target, known = schema.target, listed(map(written, counts), "and")
    if len(counts) < 2:
        hint = "A model needs rows of two classes to tell apart."
        yield Problem(f"every row to learn from has the same {target}: {known}.", ("target",), hint=hint)
    elif schema.task == "binary" and len(counts) > 2:
        some = known if len(counts) <= 6 else f"{listed(map(written, list(counts)[:5]), 'and')}, and more"
        what = f"binary needs two classes; {target} has {figures.count(len(counts))}: {some}."
        yield Problem(what, ("task",), hint="Did you mean task: multiclass?")
    elif lost := [label for label in counts if label not in trained]:
        one = len(lost) == 1
        yield Problem(
            f"no training row has {target} {listed(map(written, lost))}; the split put all rows of {'that class' if one else 'those classes'} elsewhere.",
            ("split",),
            hint="Choose split=stratified, find more such rows, or leave them out.",
        )
    if schema.task == "binary" and schema.positive is not None and not _among(schema.positive, counts):
        what = f"no row to learn from has {target} {written(schema.positive)}."
        yield Problem(what, ("positive",), hint=did_you_mean(schema.positive, counts))


def _among(label: Class, counts: dict[Class, int]) -> bool:
    return any(type(label) is type(known) and label == known for known in counts)


def _unseen(test: pl.DataFrame, schema: Schema) -> Iterator[str]:
    from .predicted import written

    if schema.classes is not None:
        strange = test[schema.target].filter(classes.numbers(test[schema.target], schema.classes) < 0)
        if strange.len():
            labels = listed(map(written, list(classes.count(strange))[:5]), "and")
            yield f"{figures.counted(strange.len(), 'test row')} of a class that no training row has, {labels}: not scored"
    for name, labels_seen in schema.categories.items():
        values = test[name].drop_nulls()
        unknown = values.len() - int(values.is_in(labels_seen).sum())
        if unknown:
            yield f"{name}: {figures.counted(unknown, 'test row')} with a label that no training row has"
