"""The values that two sources are joined by, read alike, and which rows they bring together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from ..errors import Mistake, Problem
from . import breach
from .breach import Breach, Found
from .cast import cast, present
from .column import AnyColumn, CategoryColumn, column
from .contract import zoneless
from .join import AsOf, Join

if TYPE_CHECKING:
    import polars as pl

Place = tuple[str | int, ...]
MOMENT = "moment"
_SPARSE = 8
_NOUNS = {
    "text": "text",
    "category": "labels",
    "integer": "whole numbers",
    "number": "numbers",
    "boolean": "true and false",
    "date": "days",
    "timestamp": "moments",
}


@dataclass(frozen=True)
class Side:
    """One side of a join."""

    name: str
    frame: pl.DataFrame
    """The columns as they are stored."""
    declared: Mapping[str, AnyColumn]
    """What the contract says of them, by their names in `frame`."""
    numbers: pl.Series
    """The number of each row in its source."""


class Keys:
    """The keys of both sides of a join, and the moments where it goes by these too.

    Raises Mistake when the two sides store what cannot be equal or put in order.
    """

    def __init__(self, join: Join, left: Side, right: Side, where: Place, timezone: str | None) -> None:
        import polars as pl

        self.sides, self.where, self.timezone = (left, right), where, timezone
        self.names = [f"key {i}" for i in range(len(join.pairs))]
        self.breaches: list[Breach] = []
        """Values on the right that are none of what the left holds."""
        kept = [
            pl.DataFrame({"lr"[i]: pl.int_range(side.frame.height, dtype=pl.get_index_type(), eager=True)})
            for i, side in enumerate(self.sides)
        ]
        self.left, self.right = kept
        for name, pair in zip(self.names, join.pairs.items(), strict=True):
            self._add(name, pair, self._key_type(pair), "by")
        self.as_of = join.as_of
        if join.as_of is not None:
            self._add_moments(join.as_of)

    def pairs(self) -> pl.DataFrame:
        """Positions, "l" and "r", of the rows that belong together, in the order of the left; "r" is null where a row finds none."""
        if self.as_of is not None:
            return self._latest(self.as_of)
        right = self.right.drop_nulls(self.names)
        if self.repeated:
            return self.left.join(right, on=self.names, how="left", maintain_order="left_right").select("l", "r")
        found = _addressed(self.left, right, self.names)
        if found is None:
            left = self.left.select(self.names)
            found = left.join(right, on=self.names, how="left", maintain_order="left")["r"]
        return self.left.select("l").with_columns(found)

    @cached_property
    def repeated(self) -> int:
        """How many keys, each with its moment if there is one, several rows on the right have."""
        import polars as pl

        names = self.right.columns[1:]
        return self.right.drop_nulls(names).group_by(names).len().filter(pl.col("len") > 1).height

    def _latest(self, as_of: AsOf) -> pl.DataFrame:
        """Of several rows at one moment the last one in its source counts."""
        import polars as pl

        left, right = (
            frame.drop_nulls(frame.columns[1:]).sort(MOMENT, maintain_order=True) for frame in (self.left, self.right)
        )
        found = left.join_asof(
            right.with_columns(pl.col(MOMENT).alias("known")),
            on=MOMENT,
            by=self.names or None,
            strategy="backward",
            tolerance=as_of.tolerance if as_of.seconds is None else as_of.seconds * 1_000_000,
            check_sortedness=False,
        )
        if found.select((pl.col("known") > pl.col(MOMENT)).any()).item():
            raise ArithmeticError("a row was joined to one that is later")
        return self.left.select("l").join(found.select("l", "r"), on="l", how="left", maintain_order="left")

    def _add(self, key: str, pair: tuple[str, str], it: AnyColumn, part: str) -> None:
        """Take a pair of columns in, both read as one type."""
        import polars as pl

        for side, name in zip(self.sides, pair, strict=True):
            stored = side.frame.schema[name]
            raw = side.frame.select(present(name, stored))
            typed = raw.select(cast(pl.col(name), raw.schema[name], it, self.timezone).alias(key))
            if side is self.sides[0]:
                self.left = self.left.hstack(typed)
            else:
                self.right = self.right.hstack(typed)
                self._judge(name, it, raw[name], typed[key], part)

    def _add_moments(self, as_of: AsOf) -> None:
        """Take in the moments, as numbers that grow with time."""
        import polars as pl

        it = self._moment_type(as_of)
        clock = it.dtype.is_temporal()
        if as_of.tolerance is not None and clock != isinstance(as_of.tolerance, str):
            wanted = "a length of time, as 7d" if clock else "a number"
            what = f"{as_of.left} holds {_noun(it)}, so this must be {wanted}."
            raise Mistake(Problem(what, (*self.where, "as_of", "tolerance")))
        self._add(MOMENT, (as_of.left, as_of.right), it, "as_of")
        if clock:
            micros = pl.col(MOMENT).cast(pl.Datetime("us")).cast(pl.Int64)
            self.left, self.right = self.left.with_columns(micros), self.right.with_columns(micros)

    def _key_type(self, pair: tuple[str, str]) -> AnyColumn:
        """What both are read as: what the contract says of either, else how they are stored."""
        told = [side.declared[name] for side, name in zip(self.sides, pair, strict=True) if name in side.declared]
        if told:
            return column("text") if isinstance(told[0], CategoryColumn) and not told[0].numeric else told[0]
        kinds = self._stored(pair)
        if set(kinds) == {"integer", "number"}:
            return column("number")
        if len(set(kinds)) > 1:
            raise Mistake(self._unlike(pair, kinds, "by"))
        return column(kinds[0])

    def _moment_type(self, as_of: AsOf) -> AnyColumn:
        pair = (as_of.left, as_of.right)
        told = [side.declared[name] for side, name in zip(self.sides, pair, strict=True) if name in side.declared]
        kinds = [_type(it) for it in told] or ["timestamp" if it == "text" else it for it in self._stored(pair)]
        if len(set(kinds)) > 1:
            raise Mistake(self._unlike(pair, kinds, "as_of"))
        if kinds[0] not in ("timestamp", "date", "integer", "number"):
            what = f"{as_of.left} holds {_NOUNS[kinds[0]]}; it must be moments, days or numbers."
            raise Mistake(Problem(what, (*self.where, "as_of", "left")))
        return column(kinds[0])

    def _stored(self, pair: tuple[str, str]) -> list[str]:
        return [_kind(side.frame.schema[name]) for side, name in zip(self.sides, pair, strict=True)]

    def _judge(self, name: str, it: AnyColumn, raw: pl.Series, typed: pl.Series, part: str) -> None:
        import polars as pl

        broken, source = raw.is_not_null() & typed.is_null(), self.sides[1]
        if broken.any():
            rows = pl.DataFrame({"row": source.numbers.filter(broken), "value": raw.filter(broken)})
            lacking = zoneless(_type(it), rows["value"], self.timezone)
            found = breach.mistyped(name, _type(it), Found.of(rows, raw.len(), lacking), it.personal)
            subject = f"{name} of {source.name}"
            self.breaches.append(replace(found, path=(*self.where, part), what=f"{subject}: {found.what}"))

    def _unlike(self, pair: tuple[str, str], kinds: list[str], part: str) -> Problem:
        said = [
            f"{name} of {side.name} holds {_NOUNS[kind]}"
            for side, name, kind in zip(self.sides, pair, kinds, strict=True)
        ]
        hint = f"Describe {pair[0]} in data.columns, so that both are read alike."
        return Problem(f"{said[0]}, {said[1]}: they cannot be compared.", (*self.where, part), hint=hint)


def _addressed(left: pl.DataFrame, right: pl.DataFrame, names: list[str]) -> pl.Series | None:
    """The "r" of each row on the left, looked up in a table of all whole numbers from the least key on the right to the greatest.

    None where keys are no whole numbers or lie far apart: a table of more than _SPARSE places a key would cost more than it saves.
    """
    import numpy as np
    import polars as pl

    if len(names) != 1 or right.is_empty() or left.schema[names[0]] != pl.Int64 or right.schema[names[0]] != pl.Int64:
        return None
    keys = right[names[0]].to_numpy()
    least, greatest = int(keys.min()), int(keys.max())
    if greatest - least >= _SPARSE * keys.size:
        return None
    places = np.full(greatest - least + 1, -1, dtype=np.int64)
    places[keys - least] = right["r"].to_numpy()
    table = pl.Series("r", places).cast(pl.get_index_type(), strict=False)
    wanted = pl.col(names[0])
    within = pl.when(wanted.is_between(least, greatest)).then(wanted - least)
    return table.gather(left.select(within.cast(pl.get_index_type())).to_series())


def _type(column: AnyColumn) -> str:
    return str(getattr(column, "type", ""))


def _noun(column: AnyColumn) -> str:
    return _NOUNS[_type(column)]


def _kind(dtype: pl.DataType) -> str:
    import polars as pl

    if dtype.is_integer():
        return "integer"
    if dtype.is_float() or dtype.is_decimal():
        return "number"
    kinds = {pl.Boolean: "boolean", pl.Date: "date", pl.Datetime: "timestamp"}
    return kinds.get(dtype.base_type(), "text")
