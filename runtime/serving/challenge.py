"""A second model tried beside the one in production: as a canary it answers some rows, as a shadow none.

Which rows a canary answers is a function of the row's key, or without one of its values, and of the canary itself: the
same customer is always answered by the same model, whoever decodes the request and however many workers there are.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..data.column import NumberColumn
from .answering import Answerer
from .decoding import Decoded
from .frame import Asked, asked
from .logged import Found

if TYPE_CHECKING:
    import polars as pl

    from ..schema import Schema
    from .predictor import Predictor
    from .request import Row

log = logging.getLogger("bentoml.serve")
_WHOLE = 2**64

Said = list[dict[str, Any]]
"""What callers are told of each row."""
How = Callable[["Predictor", "pl.DataFrame"], Said]
"""Answers rows by one model: its predictions, or its explanations, too."""


@dataclass(frozen=True)
class Challenge:
    """What is tried, and on how much."""

    challenger: Predictor
    share: float
    """Of rows that it answers; 0: it is a shadow."""
    failures: list[str] = field(default_factory=list, compare=False)
    """Errors that were told already."""

    def answer(self, champion: Predictor, rows: Sequence[Row], how: How) -> tuple[Asked, Said]:
        """The rows, and the answer of each by the model whose turn it is.

        Where the challenger fails, the model in production answers: trying something never costs an answer.
        """
        schema = champion.model.schema
        fields = {item.alias or name: name for name, item in type(rows[0]).model_fields.items()}
        keys = [getattr(row, fields[schema.key]) if schema.key is not None else None for row in rows]
        values = [tuple(getattr(row, fields[name]) for name in schema.features) for row in rows]
        turn = self.turns(schema, keys, values)
        ours = [place for place, theirs in enumerate(turn) if not theirs]
        theirs = [place for place, theirs in enumerate(turn) if theirs]
        parts = [self._part(champion, rows, ours, how)] if ours else []
        if theirs:
            parts.append(self._part(self.challenger, rows, theirs, how) or self._part(champion, rows, theirs, how))
        return _together([part for part in parts if part is not None], len(rows), list(schema.features))

    def turns(self, schema: Schema, keys: Iterable[Any], rows: Iterable[Sequence[Any]]) -> list[bool]:
        """For each row, is it the challenger's to answer? rows: the values of schema.features as they were sent."""
        return [self._drawn(schema, key, row) for key, row in zip(keys, rows, strict=True)]

    def _part(self, model: Predictor, rows: Sequence[Row], places: list[int], how: How) -> _Part | None:
        given = asked(model.model.schema, [rows[place] for place in places])
        try:
            found = how(model, given.frame)
        except Exception as error:
            if model is not self.challenger:
                raise
            self.fails(error)
            return None
        if model is self.challenger:
            found = [{"model": model.version, **values} for values in found]
        return _Part(places, given, found)

    def fails(self, error: Exception) -> None:
        """Tell it once for each kind of error, without the message, which may hold a value."""
        kind = type(error).__name__
        if kind not in self.failures:
            self.failures.append(kind)
            log.error("the challenger %s failed, production answers in its place: %s", self.challenger.version, kind)

    def _drawn(self, schema: Schema, key: Any, row: Sequence[Any]) -> bool:
        text = f"k{key}" if key is not None else f"v{self._text(schema, row)}"
        digest = hashlib.blake2b(text.encode(), digest_size=8, key=self._salt).digest()
        return int.from_bytes(digest, "big") < self.share * _WHOLE

    @cached_property
    def _salt(self) -> bytes:
        return self.challenger.run.id.encode()[:64]

    def _text(self, schema: Schema, row: Sequence[Any]) -> str:
        """Values as text, the same whether a number was sent as 3 or as 3.0."""
        return "\x1f".join(_plain(value, column) for value, column in zip(row, schema.features.values(), strict=True))


@dataclass(frozen=True)
class Again:
    """The rows of a request as the model in production saw them, and as the challenger will."""

    frame: pl.DataFrame
    asked: Callable[[], Asked]

    def rows(self) -> list[tuple[Any, ...]]:
        """The rows as the model in production saw them."""
        return self.frame.rows()


@dataclass(frozen=True)
class _Part:
    """Rows that one model answered, and where they stand in the request."""

    places: list[int]
    given: Asked
    found: Said


def _together(parts: list[_Part], rows: int, names: list[str]) -> tuple[Asked, Said]:
    """The rows in the order of the request."""
    import polars as pl

    places = [place for part in parts for place in part.places]
    order = sorted(range(rows), key=places.__getitem__)
    frame = pl.concat([part.given.frame.select(names) for part in parts])[order]
    ids = [id for part in parts for id in part.given.ids]
    found = [values for part in parts for values in part.found]
    warnings = {part.places[at]: told for part in parts for at, told in part.given.warnings.items()}
    return Asked(frame, [ids[at] for at in order], warnings), [found[at] for at in order]


class _Theirs(tuple[Any, ...]):
    """A row that the challenger answers."""

    __slots__ = ()


class Divided:
    """Answers decoded rows as `Challenge.answer` does, to the same bytes; where the challenger fails it raises, and the
    plain service sees to the request."""

    def __init__(self, predictor: Predictor, challenge: Challenge) -> None:
        self._schema, self._challenge = predictor.model.schema, challenge
        self._ours, self._theirs = Answerer(predictor), Answerer(challenge.challenger)
        self._order = in_order(predictor, challenge.challenger)
        self.together = self._ours.together and self._theirs.together
        self.quick = self._ours.quick if self._theirs.quick is not None else None
        """None where a frame is needed."""

    def known(self, decoded: Decoded) -> tuple[list[tuple[Any, ...]], dict[int, list[str]]]:
        """The rows with labels that the model whose turn it is has learned, and by row what is said about others."""
        turn = self._challenge.turns(self._schema, decoded.ids, decoded.rows)
        if not any(turn):
            return self._ours.known(decoded)
        rows: list[tuple[Any, ...]] = list(decoded.rows)
        warnings: dict[int, list[str]] = {}
        for theirs, answerer in ((False, self._ours), (True, self._theirs)):
            places = [place for place, drawn in enumerate(turn) if drawn is theirs]
            given = [self._order(rows[place]) if theirs else rows[place] for place in places]
            found, told = answerer.known(Decoded(given, [decoded.ids[place] for place in places]))
            for place, row in zip(places, found, strict=True):
                rows[place] = _Theirs(row) if theirs else row
            warnings |= {places[at]: texts for at, texts in told.items()}
        return rows, dict(sorted(warnings.items()))

    def predict(self, rows: Sequence[tuple[Any, ...]]) -> list[Found]:
        """What is said of each row, that of the challenger under its name."""
        theirs = [place for place, row in enumerate(rows) if type(row) is _Theirs]
        if not theirs:
            return self._ours.predict(rows)
        found: list[Any] = [None] * len(rows)
        name = self._challenge.challenger.version
        said = self._theirs.predict([rows[it] for it in theirs])
        for place, (value, numbers, _) in zip(theirs, said, strict=True):
            found[place] = value, numbers, name
        ours = [place for place, values in enumerate(found) if values is None]
        if ours:
            for place, values in zip(ours, self._ours.predict([rows[it] for it in ours]), strict=True):
                found[place] = values
        return found

    def body(self, ids: Sequence[Any], warnings: dict[int, list[str]], found: list[Found]) -> bytes:
        """The body of an answer."""
        return self._ours.body(ids, warnings, found)


def in_order(champion: Predictor, challenger: Predictor) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """From a row in the order of the one model to that of the other."""
    ours, theirs = list(champion.model.schema.features), list(challenger.model.schema.features)
    if ours == theirs:
        return lambda row: row
    places = [ours.index(name) for name in theirs]
    return lambda row: tuple(row[place] for place in places)


def _plain(value: Any, column: Any) -> str:
    if value is None:
        return ""
    if isinstance(column, NumberColumn):
        return float(value).hex()
    if isinstance(value, dt.datetime):
        return str((value if value.tzinfo else value.replace(tzinfo=dt.UTC)).astimezone(dt.UTC).timestamp())
    return str(value)
