"""From decoded rows to the answer of each, for rows of one request or of many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .. import classes, prediction
from ..data.column import CategoryColumn
from ..quick import completing
from .decoding import Decoded
from .frame import unknown

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .predictor import Predictor


class Answerer:
    """Answers rows as a Predictor does, to the same bytes, without a class for each row."""

    def __init__(self, predictor: Predictor) -> None:
        hooks, schema = predictor.hooks, predictor.model.schema
        self._predictor, self._schema = predictor, schema
        own = any((hooks.features, hooks.before_predict, hooks.after_predict))
        self.together = not own
        """May rows of several requests be predicted in one call? A hook may look at all rows that it is given."""
        self.quick = None if own or predictor.quick is None else completing(predictor.quick, schema)
        """Predicts tuples; None where a frame is needed."""
        self._names = [classes.text(label) for label in schema.classes or ()]
        self._order = classes.scoring_order(schema)
        self._labels = {
            place: (name, frozenset(labels), column.personal)
            for place, (name, column) in enumerate(schema.features.items())
            if isinstance(column, CategoryColumn) and (labels := schema.labels(name)) is not None
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

    def predict(self, rows: Sequence[tuple[Any, ...]]) -> list[dict[str, Any]]:
        """What is answered for each row, without its id and its warnings."""
        if self.quick is not None:
            return self._told(self.quick.predict(rows))
        import polars as pl

        columns = zip(self._schema.features.items(), zip(*rows, strict=True), strict=True)
        frame = pl.DataFrame([pl.Series(name, values, column.dtype) for (name, column), values in columns])
        return self._predictor.predictions(frame)

    def body(self, ids: Sequence[Any], warnings: dict[int, list[str]], found: list[dict[str, Any]]) -> bytes:
        """The body of an answer."""
        import msgspec

        for position, values in enumerate(found):
            first = {} if ids[position] is None else {"id": ids[position]}
            if position in warnings:
                first["warnings"] = warnings[position]
            if first:
                found[position] = {**first, **values}
        return msgspec.json.encode({"model": self._predictor.version, "predictions": found})

    def _told(self, outputs: NDArray[Any]) -> list[dict[str, Any]]:
        prediction.finite(outputs)
        if self._schema.classes is None:
            return [{"prediction": value} for value in outputs.tolist()]
        names, labels, order = self._names, self._schema.classes, self._order
        threshold = self._predictor.model.threshold
        told = []
        for shares in outputs.tolist():
            likely = max(order, key=shares.__getitem__)  # the first of equals, as argmax
            place = likely if threshold is None else order[shares[order[-1]] >= threshold]
            told.append({"prediction": labels[place], "probabilities": dict(zip(names, shares, strict=True))})
        return told
