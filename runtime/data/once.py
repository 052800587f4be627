"""The rows of a sweep, loaded once in each process however many jobs it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from ..progress import step
from .unchanged import stamps

if TYPE_CHECKING:
    from .rows import Data, Rows

Made = TypeVar("Made")
Load = Callable[["Data"], "Rows"]

_process: dict[str, Any] = {}  # of the last data set, so that a sweep over data sets holds one at a time
_kept: ContextVar[dict[str, Any] | None] = ContextVar("kept", default=None)


@contextmanager
def remembering() -> Iterator[None]:
    """Within the block, and within later such blocks of this process, the same data is not loaded again."""
    token = _kept.set(_process)
    try:
        yield
    finally:
        _kept.reset(token)


def once(load: Load) -> Load:
    """A `load` that gives the rows of the job before where the data set, its files and the hook are the same still."""

    @wraps(load)
    def loaded(data: Data) -> Rows:
        kept = _kept.get()
        if kept is None:
            return load(data)
        asked = _asked(data)
        if kept.get("asked") != asked:
            kept.clear()
            kept.update(rows=load(replace(data, encode=frozenset())), asked=asked)
            kept["rows"].kept = True
            return kept["rows"]  # type: ignore[no-any-return]
        rows: Rows = kept["rows"]
        with step("load") as now:
            now.say(f"{rows.read:,} rows from {rows.source}, as in the job before")
        return rows

    return loaded


def of_shared(rows: Rows, name: str, asked: object, make: Callable[[], Made]) -> Made:
    """What is made of the rows that the jobs of a sweep share: what the job before made of them, if it asked for the same."""
    kept = _kept.get()
    if kept is None or kept.get("rows") is not rows:
        return make()
    if name not in kept or kept[name][0] != asked:
        kept.pop(name, None)  # not both at once in memory
        kept[name] = asked, make()
    made: Made = kept[name][1]
    return made


def _asked(data: Data) -> tuple[object, ...]:
    """What decides which rows come. Files by time and size: a sweep hashes them once a job for the id of its run anyway."""
    hook = getattr(data.features, "__code__", data.features)
    return (
        data.dataset.model_dump_json(),
        data.schema.model_dump_json(),
        str(data.root),
        hook,
        stamps(data.dataset, data.root),
    )
