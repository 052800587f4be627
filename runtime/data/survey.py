"""How often rows break rules: counted in one pass over all of them, and looked at closer only where some do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from .breach import SHOWN, Breach, Found
from .rule import NUMBER, Rule

if TYPE_CHECKING:
    import polars as pl

Engine = Literal["in-memory", "streaming"]
_LABELS = 3  # labels told apart


def counted(
    rows: pl.LazyFrame, rules: Sequence[Rule], engine: Engine, more: Sequence[pl.Expr] = ()
) -> tuple[int, list[int], dict[str, Any]]:
    """How many rows there are, how many of them break each rule, and what `more` gives, by name."""
    import polars as pl

    counts = [rule.faulty.sum().alias(f"\x1f{i}") for i, rule in enumerate(rules)]
    found = rows.select(pl.len().alias("\x1f"), *counts, *more).collect(engine=engine)
    totals = {it.meta.output_name(): found[it.meta.output_name()][0] for it in more}
    return found["\x1f"][0], [found[f"\x1f{i}"][0] or 0 for i in range(len(rules))], totals


def survey(rows: pl.LazyFrame, rules: Sequence[Rule], engine: Engine = "in-memory") -> list[Breach]:
    """Every breach of the rules, in their order."""
    height, counts, _ = counted(rows, rules, engine)
    return detailed(rows, rules, counts, height, engine)


def detailed(
    rows: pl.LazyFrame, rules: Sequence[Rule], counts: Sequence[int], height: int, engine: Engine
) -> list[Breach]:
    """What is to be said of the rules that some rows break; nothing is read where none do."""
    broken = [rule for rule, count in zip(rules, counts, strict=True) if count]
    if not broken:
        return []
    broken = _by_label(rows, broken, engine)
    found = _found(rows, broken, height, engine)
    return [replace(rule.say(it), severity=rule.severity) for rule, it in zip(broken, found, strict=True)]


def _by_label(rows: pl.LazyFrame, broken: list[Rule], engine: Engine) -> list[Rule]:
    """The rules, those about labels in one for each of the most frequent labels that break them."""
    import polars as pl

    asked = [rule for rule in broken if rule.labels is not None]
    groups = [
        rows.filter(rule.faulty)
        .group_by(rule.column)
        .agg(pl.len().alias("\x1f"), pl.col(NUMBER).min().alias("\x1e"))
        .sort("\x1f", "\x1e", descending=[True, False])
        for rule in asked
    ]
    labels = iter(pl.collect_all(groups, engine=engine) if groups else [])
    apart: list[Rule] = []
    for rule in broken:
        if rule.labels is None:
            apart.append(rule)
        else:
            found = next(labels)[rule.column]
            apart += rule.labels(found.head(_LABELS).to_list(), max(found.len() - _LABELS, 0))
    return apart


def _found(rows: pl.LazyFrame, broken: list[Rule], height: int, engine: Engine) -> list[Found]:
    import polars as pl

    asked: list[pl.Expr] = []
    for i, rule in enumerate(broken):
        asked += [
            rule.faulty.sum().alias(f"{i} count"),
            pl.col(NUMBER).filter(rule.faulty).head(SHOWN).implode().alias(f"{i} rows"),
        ]
        if rule.value is not None:
            held = rule.value.filter(rule.faulty)
            asked.append(held.head(1).implode().alias(f"{i} first"))
            if rule.extremes:
                asked += [held.min().alias(f"{i} least"), held.max().alias(f"{i} greatest")]
        if rule.zoneless is not None:
            asked.append(rule.zoneless.filter(rule.faulty).all().alias(f"{i} zoneless"))
    said = rows.select(asked).collect(engine=engine).row(0, named=True)
    return [
        Found(
            said[f"{i} count"],
            height,
            tuple(said[f"{i} rows"]),
            next(iter(said.get(f"{i} first") or ()), None),
            said.get(f"{i} least"),
            said.get(f"{i} greatest"),
            bool(said.get(f"{i} zoneless")),
        )
        for i in range(len(broken))
    ]
