"""Which rows of two sources belong together, and whether as many do as were expected."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from . import breach
from .breach import Breach, Found
from .join import Join
from .keys import Keys, Place, Side

if TYPE_CHECKING:
    import polars as pl


@dataclass
class Match:
    """The rows that belong together, in the order of the left side."""

    left: pl.Series
    """The position of each row on the left side."""
    right: pl.Series
    """The position of the row it found; null where it found none."""
    breaches: list[Breach] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def match(join: Join, left: Side, right: Side, where: Place, timezone: str | None) -> Match:
    """Find for each row on the left those on the right that a join names; what is missing equals nothing.

    where: the place of the join in the configuration. timezone: where moments that name no zone are.
    Raises Mistake when the two sides store what cannot be equal or put in order.
    """
    keys = Keys(join, left, right, where, timezone)
    made = _Count(join, left, right, where)
    pairs = made.all_found(made.as_many(keys.pairs(), alone=not keys.repeated or join.as_of is not None))
    if not any(it.path[-1] == "expect" for it in made.breaches):
        made.mention(keys.repeated)
    return Match(pairs["l"], pairs["r"], [*keys.breaches, *made.breaches], made.notes)


class _Count:
    """How many rows found how many."""

    def __init__(self, join: Join, left: Side, right: Side, where: Place) -> None:
        self.join, self.left, self.right, self.where = join, left, right, where
        self.breaches: list[Breach] = []
        self.notes: list[str] = []

    def as_many(self, pairs: pl.DataFrame, alone: bool) -> pl.DataFrame:
        """The pairs, without those that make more rows than the join expects.

        alone: no row on the left can find more than one.
        """
        import polars as pl

        asked = []
        if self.join.expect in ("many_to_one", "one_to_one") and not alone:
            asked.append((self.left, self.right, "l"))
        if self.join.expect in ("one_to_one", "one_to_many"):
            asked.append((self.right, self.left, "r"))
        found = pairs.drop_nulls("r") if asked else pairs
        for side, other, position in asked:
            crowded = found.group_by(position, maintain_order=True).len().filter(pl.col("len") > 1)
            if crowded.height:
                what = f"of {side.name} {'finds' if crowded.height == 1 else 'find'} more than one row of {other.name}"
                if position == "l":
                    what += f", which makes {_count(int((crowded['len'] - 1).sum()), 'row')} more"
                self._add(side, crowded[position].sort(), "expect", what, "If that is right, write another expect.")
                if position == "l":
                    pairs = pairs.unique("l", keep="first", maintain_order=True)
        return pairs

    def all_found(self, pairs: pl.DataFrame) -> pl.DataFrame:
        """The pairs, without rows that found nothing where the join keeps none of these."""
        import polars as pl

        lost = pairs.filter(pl.col("r").is_null())["l"]
        if not lost.len():
            return pairs
        if self.join.how == "left":
            whole = _count(self.left.frame.height, "row")
            self.notes.append(f"{self.right.name}: {lost.len():,} of {whole} of {self.left.name} found nothing")
            return pairs
        if self.join.drop_unmatched:
            rows = _count(lost.len(), "row")
            self.notes.append(f"{self.right.name}: {rows} of {self.left.name} found nothing, left out")
        else:
            finds = "finds" if lost.len() == 1 else "find"
            hint = "Write drop_unmatched: true to leave them out, or how: left to keep them."
            self._add(self.left, lost, "how", f"of {self.left.name} {finds} nothing in {self.right.name}", hint)
        return pairs.drop_nulls("r")

    def mention(self, repeated: int) -> None:
        """Say which keys several rows on the right have, where that makes no difference to the number of rows."""
        keys = _count(repeated, "key")
        if repeated and self.join.as_of is not None:
            self.notes.append(f"{self.right.name}: {keys} more than once at one moment, the last row counts")
        elif repeated and self.join.expect in ("many_to_one", "one_to_one"):
            self.notes.append(
                f"{self.right.name}: {keys} more than once, but no row has {'it' if repeated == 1 else 'them'}"
            )

    def _add(self, side: Side, positions: pl.Series, rule: str, what: str, hint: str) -> None:
        import polars as pl

        rows = pl.DataFrame({"row": side.numbers.gather(positions)}).unique(maintain_order=True)
        found = breach.located(self.right.name, rule, Found.of(rows, side.frame.height), what, hint=hint)
        self.breaches.append(replace(found, path=(*self.where, rule)))


def _count(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number:,} {noun}s"
