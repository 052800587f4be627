"""The data held to its whole contract in one streaming pass, without the rows in memory: what `overture check` does."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..errors import Mistake, Problem
from ..progress import step
from .breach import Breach
from .joins import placed, source_name, streamed
from .quarantine import quarantined
from .rows import Data, completed_rows, held, load, nothing_to_learn, refused, remarks, told
from .rule import NUMBER
from .stored import stored
from .unchanged import unchanged

_TRIED = 10_000  # rows that hooks and derived columns are tried on


@dataclass(frozen=True)
class Audit:
    """What was found in the data."""

    read: int
    """How many rows the base has."""
    breaches: tuple[Breach, ...]


def audit(data: Data) -> Audit:
    """Hold all rows to the contract.

    Joined rows are put together in memory; all others pass by a part at a time.
    Raises Mistake, with everything found, as `load` does.
    """
    if data.dataset.joins:
        rows = load(replace(data, keep=False))
        return Audit(rows.read, rows.breaches)
    with step("check") as now:
        with unchanged(data.dataset, data.root):
            found, notes = _streamed(data)
        now.say(f"{told(found.read, 'row')} from {source_name(data.dataset, data.root)}")
        for note in notes:
            now.say(note)
    return found


def _streamed(data: Data) -> tuple[Audit, list[str]]:
    schema, source = data.schema, data.dataset.source
    base, name = data.dataset.base_name, source_name(data.dataset, data.root)
    scan, extra = streamed(data.dataset, data.root, schema.columns)
    contract = held(data, scan.with_row_index(NUMBER, offset=1))
    with placed(base), source.reading(data.root):
        verdict = contract.judged(contract.rows, "streaming")
    if not verdict.height:
        raise Mistake(Problem(f"{name} has no rows.", ("data", "sources", base)))
    has = stored(data.dataset, data.root, source.columns(data.root))
    breaches = (*verdict.breaches, *contract.checking.differences(verdict.height, has))
    if data.dataset.checks.on_breach == "quarantine":
        breaches = tuple(quarantined(it) for it in breaches)
    lacking, least, greatest = verdict.target
    notes: list[str] = []
    if not refused(breaches):
        if problem := nothing_to_learn(verdict.height - lacking, least, greatest, schema.target, name):
            raise Mistake(problem)
        if schema.expressions or data.features is not None:
            with placed(base), source.reading(data.root):
                first = contract.rows.head(_TRIED).collect(engine="streaming")
            if contract.reasons(first).is_null().all():
                notes += completed_rows(
                    contract.frame(first.lazy(), verdict.unknown).drop(NUMBER), schema, data.features
                )[2]
    mistyped = sum(it.count for it in verdict.breaches if (it.column, it.rule) == (schema.target, "type"))
    return Audit(verdict.height, breaches), [
        *notes,
        *remarks(lacking - mistyped, schema.target, verdict.unknown, extra),
    ]
