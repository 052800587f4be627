"""What the log keeps of an answered row, in the types of the contract, and what it hides."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from .. import classes

if TYPE_CHECKING:
    import polars as pl

    from ..schema import Schema


@dataclass(frozen=True)
class Hiding:
    """Columns whose values are not kept as they are."""

    excluded: frozenset[str] = frozenset()
    hashed: frozenset[str] = frozenset()
    secret: bytes = field(default=b"", repr=False)
    """The key of the hashes: without it nobody can try out values."""

    def hash(self, value: Any) -> str | None:
        """32 hexadecimal digits; equal values have equal ones."""
        if value is None:
            return None
        return hashlib.blake2b(str(value).encode(), key=self.secret[:64], digest_size=16).hexdigest()


Found = tuple[Any, Sequence[float] | None, str | None]
"""What is said of one row: a class and the probabilities of all in their order, or a number and the ends of its interval
if it has one; and the model that says so, where it is another than usual."""


def found(answer: Mapping[str, Any]) -> Found:
    """The same, of an answer as callers see it."""
    numbers = answer.get("probabilities") or answer.get("interval")
    return answer["prediction"], list(numbers.values()) if numbers else None, answer.get("model")


class Answered(NamedTuple):
    """The rows of one answered request."""

    time: int
    """When, in nanoseconds since 1970."""
    route: str
    request_id: bytes
    ids: Sequence[Any]
    """The key of each row, or None."""
    rows: Any
    """Tuples of the features in order, or what has them as `rows()`."""
    warnings: Mapping[int, list[str]]
    found: Sequence[Found]


Keep = Callable[[Answered], None]
"""Keeps the rows of a request that is about to be answered; never waits."""


class Layout:
    """From answered requests to a frame: id, time, model, route, inputs, outputs and warnings."""

    def __init__(self, schema: Schema, model: str, hiding: Hiding) -> None:
        self.schema, self._model, self._hiding = schema, model, hiding
        self._hidden = tuple(f"{name}: " for name in hiding.excluded | hiding.hashed)
        self._id: Callable[[Any], str | None] = str
        if schema.key in hiding.hashed:
            self._id = hiding.hash
        elif schema.key in hiding.excluded:
            self._id = lambda value: None

    def told(self) -> dict[str, Any]:
        """What makes the same layout in another process."""
        hiding = {
            "excluded": [*self._hiding.excluded],
            "hashed": [*self._hiding.hashed],
            "secret": self._hiding.secret.hex(),
        }
        return {"schema": self.schema.model_dump(mode="json"), "model": self._model, **hiding}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Layout:
        """The layout that was told."""
        from ..schema import Schema

        hiding = Hiding(frozenset(told["excluded"]), frozenset(told["hashed"]), bytes.fromhex(told["secret"]))
        return cls(Schema(**told["schema"]), told["model"], hiding)

    def frame(self, answered: Sequence[Answered]) -> pl.DataFrame:
        """One row for each row answered, of which there is one at least."""
        import polars as pl

        times, routes, requests, ids, rows, warnings, found = (_each(answered, place) for place in range(7))
        counts = list(map(len, ids))
        said = list(chain.from_iterable(found))
        nanoseconds = pl.Series("time", _spread(times, counts), pl.Int64)
        return pl.DataFrame(
            [
                _texts("id", self._ids(requests, list(chain.from_iterable(ids)), counts)),
                (nanoseconds // 1000).cast(pl.Datetime("us", "UTC")),
                self._models(said),
                _same("route", routes[0], len(said)) if _alike(routes) else _texts("route", _spread(routes, counts)),
                self._inputs(list(chain.from_iterable(map(_tuples, rows)))),
                self._outputs(said),
                self._all_warnings(warnings, counts),
            ]
        )

    def identify(self, id: Any) -> str | None:
        """The id under which a row is kept that was answered under this one; None: keys are not kept."""
        return self._id(id)

    def _ids(self, requests: list[bytes], keys: list[Any], counts: list[int]) -> list[Any]:
        texts = b"\n".join(requests).decode().split("\n")
        if _single(counts):
            own = [f"{request}:0" for request in texts]
        else:
            own = [f"{request}:{place}" for request, count in zip(texts, counts, strict=True) for place in range(count)]
        told = self._id
        if keys.count(None) == len(keys):
            return own if told is str else [told(id) or id for id in own]
        return [told(id if key is None else key) or id for id, key in zip(own, keys, strict=True)]

    def _models(self, found: list[Found]) -> pl.Series:
        others = _each(found, 2)
        if _alike(others) and others[0] is None:
            return _same("model", self._model, len(found))
        return _texts("model", [model or self._model for model in others])

    def _inputs(self, rows: Sequence[tuple[Any, ...]]) -> pl.Series:
        import polars as pl

        columns = []
        for place, (name, column) in enumerate(self.schema.features.items()):
            values = _each(rows, place)
            if name in self._hiding.hashed:
                columns.append(_texts(name, [self._hiding.hash(value) for value in values]))
            elif name not in self._hiding.excluded:
                columns.append(pl.Series(name, values, column.dtype))
        return _struct("inputs", columns, len(rows))

    def _outputs(self, found: Sequence[Found]) -> pl.Series:
        import polars as pl

        schema = self.schema
        kind = schema.target_column.dtype if schema.classification else pl.Float64()
        columns = [pl.Series("prediction", _each(found, 0), kind)]
        if schema.classification:
            names = [classes.text(label) for label in schema.classes or ()]
            shares = _each(found, 1)
            by_class = [pl.Series(name, _each(shares, place), pl.Float64) for place, name in enumerate(names)]
            columns.append(_struct("probabilities", by_class, len(found)))
        return _struct("outputs", columns, len(found))

    def _all_warnings(self, warnings: list[Mapping[int, list[str]]], counts: list[int]) -> pl.Series:
        import polars as pl

        kind = pl.List(pl.String)
        if not any(warnings):
            return _same("warnings", None, sum(counts), kind)
        texts = [
            list(map(self._told, told[place])) if place in told else None
            for told, count in zip(warnings, counts, strict=True)
            for place in range(count)
        ]
        return pl.Series("warnings", texts, kind)

    def _told(self, text: str) -> str:
        """A warning, without the value of a column that is hidden."""
        for start in self._hidden:
            if text.startswith(start):
                return f"{start}a label that was never seen; treated as missing"
        return text


def _texts(name: str, values: list[Any]) -> pl.Series:
    import polars as pl

    return pl.Series(name, values, pl.String)


def _same(name: str, value: Any, rows: int, kind: Any = None) -> pl.Series:
    """One value in every row."""
    import polars as pl

    return pl.Series(name, [value], kind or pl.String).new_from_index(0, rows)


def _struct(name: str, columns: list[pl.Series], rows: int) -> pl.Series:
    import polars as pl

    if not columns:  # all are excluded
        return pl.Series(name, [None] * rows, pl.Struct([]))
    return pl.DataFrame(columns).to_struct(name)


def _each(rows: Sequence[Any], place: int) -> list[Any]:
    """What stands there in each row; zip(*rows) would make an object a row, which the garbage collector looks through."""
    return list(map(itemgetter(place), rows))


def _single(counted: Sequence[int]) -> bool:
    return counted.count(1) == len(counted)


def _spread(values: list[Any], counted: Sequence[int]) -> list[Any]:
    """The value of each request, for each of its rows."""
    return values if _single(counted) else list(chain.from_iterable(map(repeat, values, counted)))


def _tuples(rows: Any) -> Sequence[tuple[Any, ...]]:
    return rows.rows() if hasattr(rows, "rows") else rows  # type: ignore[no-any-return]


def _alike(values: list[Any]) -> bool:
    return values.count(values[0]) == len(values)
