"""From decoded rows to the answer of each, for rows of one request or of many."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import repeat
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from .. import classes, prediction
from ..data.column import CategoryColumn
from ..quick import completing
from .decoding import Decoded
from .frame import unknown
from .logged import Found

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .predictor import Predictor


FEW = 4
"""Rows up to which a loop is faster than numpy."""


class Answerer:
    """Answers rows as a Predictor does, to the same bytes, without a class for each row."""

    def __init__(self, predictor: Predictor, literals: Mapping[str, frozenset[Any]] = MappingProxyType({})) -> None:
        """Literals: by column the only labels that a decoded row can have."""
        hooks, schema = predictor.hooks, predictor.model.schema
        self._predictor, self._schema = predictor, schema
        self.together = not hooks.touching
        """May rows of several requests be predicted in one call? A hook may look at all rows that it is given."""
        self.quick = None if hooks.touching or predictor.quick is None else completing(predictor.quick, schema)
        """Predicts tuples; None where a frame is needed."""
        self._encode = _encoder(predictor.version, [classes.text(label) for label in schema.classes or ()])
        self._order = classes.scoring_order(schema)
        self._labels = {
            place: (name, frozenset(labels), column.personal)
            for place, (name, column) in enumerate(schema.features.items())
            if isinstance(column, CategoryColumn)
            and (labels := schema.labels(name)) is not None
            and not literals.get(name, frozenset([None])).issubset(labels)
        }

    def known(self, decoded: Decoded) -> tuple[list[tuple[Any, ...]], dict[int, list[str]]]:
        """The rows with labels that the model has learned, others become None; and by row what is said about that."""
        warnings: dict[int, list[str]] = {}
        rows = decoded.rows
        for place, (name, labels, personal) in self._labels.items():
            for position, row in enumerate(rows):
                value = row[place]
                if value not in labels and value is not None:
                    rows[position] = (*row[:place], None, *row[place + 1 :])
                    warnings.setdefault(position, []).append(unknown(name, value, personal))
        return rows, warnings

    def predict(self, rows: Sequence[tuple[Any, ...]]) -> list[Found]:
        """What is said of each row."""
        if self.quick is not None:
            return self._told(self.quick.predict(rows))
        import polars as pl

        predictor = self._predictor
        columns = zip(self._schema.features.items(), zip(*rows, strict=True), strict=True)
        frame = pl.DataFrame([pl.Series(name, values, column.dtype) for (name, column), values in columns])
        inputs = prediction.inputs(frame, self._schema, predictor.hooks)
        found = prediction.predict(predictor.model, inputs, predictor.hooks)
        more = found.probabilities if found.bounds is None else found.bounds
        return list(zip(found.values, repeat(None) if more is None else more.tolist(), repeat(None)))

    def body(self, ids: Sequence[Any], warnings: dict[int, list[str]], found: list[Found]) -> bytes:
        """The body of an answer."""
        return self._encode(ids, warnings, found)

    def _told(self, outputs: NDArray[Any]) -> list[Found]:
        prediction.finite(outputs)
        labels, order = self._schema.classes, self._order
        values = outputs.tolist()
        if labels is None:
            return [(value, None, None) for value in values]
        threshold = self._predictor.model.threshold
        if len(values) > FEW:
            places = classes.decide(outputs, self._schema, threshold).tolist()
        elif threshold is None:
            places = [max(order, key=row.__getitem__) for row in values]  # the first of equals, as argmax
        else:
            places = [order[row[order[-1]] >= threshold] for row in values]
        return [(labels[place], row, None) for place, row in zip(places, values, strict=True)]


def _encoder(version: str, names: list[str]) -> Callable[[Sequence[Any], dict[int, list[str]], list[Found]], bytes]:
    """Encodes answers: what a row has nothing to say about is left out, as `answers.Answer` does."""
    import msgspec

    told = names or ["low", "high"]
    places = {f"p{place}": name for place, name in enumerate(told)}
    numbers = msgspec.defstruct("Numbers", list(places), rename=places, gc=False)
    fields = [(name, Any, None) for name in ("id", "warnings", "model", "prediction", "numbers")]
    what = {"numbers": "probabilities" if names else "interval"}
    answer = msgspec.defstruct("Answer", fields, rename=what, omit_defaults=True, gc=False)
    encode, before = msgspec.json.Encoder().encode, b'{"model":%b,"predictions":' % msgspec.json.encode(version)

    def encoded(ids: Sequence[Any], warnings: dict[int, list[str]], found: list[Found]) -> bytes:
        warned = warnings.get
        rows = [
            answer(key, warned(i), model, value, row and numbers(*row))
            for i, (key, (value, row, model)) in enumerate(zip(ids, found, strict=True))
        ]
        return b"%b%b}" % (before, encode(rows))

    return encoded
