"""The model in production, ready to answer rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from .. import deadline, prediction
from ..errors import Mistake
from ..hooks import Hooks
from .agreement import agree
from .answers import (
    Answer,
    Answers,
    BinaryExplanation,
    Estimate,
    EstimateExplanation,
    MulticlassExplanation,
    Prediction,
)
from .challenge import Again, Challenge
from .frame import Asked, asked
from .request import Row
from .request_log import PREDICTED

if TYPE_CHECKING:
    import polars as pl

    from ..model import Fitted
    from ..quick import Quick
    from ..runs.run import Run
    from .challenge import How

FEW = 64
"""Rows up to which the model is asked without a frame, where it can be."""
_EXPLAINED = 128  # rows that are explained before the clock is looked at


@dataclass(frozen=True)
class Predictor:
    """Answers rows with one model."""

    name: str
    run: Run
    model: Fitted
    hooks: Hooks
    challenge: Challenge | None = None
    """What is tried beside it."""

    @classmethod
    def in_production(
        cls, name: str, row: type[Row], hooks: ModuleType, *, shadow: bool = False, canary: float = 0.0
    ) -> Predictor:
        """The promoted run of the project that hooks.py stands in, opened after every hash was checked.

        row: what the service accepts; it must be the contract that the run learned. shadow, canary: how the challenger is
        tried, where one is named: it predicts what is asked, too, or it answers this share of rows.
        Raises Mistake when no run is promoted, when anything of it was changed, or when it learned another contract.
        """
        from .example import example

        found = Hooks.of(hooks)
        first, beside = promoted(found.root), challenger(found.root) if shadow or canary else None
        made = []
        for run, manifest_sha256 in [first, *([beside] if beside else [])]:
            agree(row, run.schema(), run.id)
            made.append(cls(name, run, run.load_model(manifest_sha256), found))
        for ready in made:  # so that the first caller waits for no import
            ready.predict([row.model_validate(example(ready.model.schema))])
        return replace(made[0], challenge=Challenge(made[1], canary)) if beside else made[0]

    @property
    def version(self) -> str:
        """The model as answers name it: churn:2f9c41d07be3."""
        return f"{self.name}:{self.run.id}"

    @cached_property
    def quick(self) -> Quick | None:
        """Predicts tuples of schema.inputs; None where the model needs a frame."""
        return self.model.quick()

    @cached_property
    def card(self) -> dict[str, Any]:
        """What GET /model answers."""
        from .card import card

        return card(self.run, self.model.schema)

    def predict(self, rows: Sequence[Row]) -> Answers[Any]:
        """The prediction for each row, in order."""
        kind = Prediction if self.model.schema.classification else Estimate
        return self._answers(kind, rows, *self._answered(rows, Predictor.predictions))

    def predictions(self, features: pl.DataFrame) -> list[dict[str, Any]]:
        """For each row what is answered, but its id and its warnings. features: schema.features, in their dtypes."""
        return self._predictions(self._inputs(features))

    def explain(self, rows: Sequence[Row]) -> Answers[Any]:
        """The prediction for each row, and what each input added to its raw score."""
        kind = _EXPLANATIONS[self.model.schema.task]
        return self._answers(kind, rows, *self._answered(rows, Predictor.explanations))

    def explanations(self, features: pl.DataFrame) -> list[dict[str, Any]]:
        """As `predictions`, with base and contributions."""
        frame = self._inputs(features)
        both = zip(self._predictions(frame), self._explanations(frame), strict=True)
        return [{**prediction, **why} for prediction, why in both]

    def _answered(self, rows: Sequence[Row], how: How) -> tuple[Asked, list[dict[str, Any]]]:
        """The rows, and the answer of each, by the challenger where it is its turn.

        Raises TimeoutError when nobody waits for them any more.
        """
        deadline.check()
        if self.challenge is not None and self.challenge.share:
            return self.challenge.answer(self, rows, how)
        given = asked(self.model.schema, rows)
        return given, how(self, given.frame)

    def _inputs(self, frame: pl.DataFrame) -> pl.DataFrame:
        return prediction.inputs(frame, self.model.schema, self.hooks)

    def _predictions(self, frame: pl.DataFrame) -> list[dict[str, Any]]:
        outputs = None
        if self.quick is not None and frame.height <= FEW:
            outputs = self.quick.predict(frame.select(*self.model.schema.inputs).rows())
        found, names = prediction.predict(self.model, frame, self.hooks, outputs), self._classes
        if found.bounds is not None:
            ends = [{"low": low, "high": high} for low, high in found.bounds.tolist()]
            return [{"prediction": it, "interval": end} for it, end in zip(found.values, ends, strict=True)]
        if found.probabilities is None:
            return [{"prediction": value} for value in found.values]
        return [
            {"prediction": value, "probabilities": dict(zip(names, probabilities, strict=True))}
            for value, probabilities in zip(found.values, found.probabilities.tolist(), strict=True)
        ]

    def _explanations(self, frame: pl.DataFrame) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for some in frame.iter_slices(_EXPLAINED):
            deadline.check()
            found += self._explained(some)
        return found

    def _explained(self, frame: pl.DataFrame) -> list[dict[str, Any]]:
        found, inputs = self.model.explain(frame), list(self.model.schema.inputs)
        prediction.finite(found.contributions)
        base = found.base.tolist()
        by_output = found.contributions.transpose(0, 2, 1).tolist()  # (rows, outputs, inputs)
        shares = [[dict(zip(inputs, row, strict=True)) for row in outputs] for outputs in by_output]
        if self.model.schema.task != "multiclass":
            return [{"base": base[0], "contributions": row[0]} for row in shares]
        bases = dict(zip(self._classes, base, strict=True))
        return [{"base": bases, "contributions": dict(zip(self._classes, row, strict=True))} for row in shares]

    @cached_property
    def _classes(self) -> list[str]:
        return [class_name(label) for label in self.model.schema.classes or ()]

    def _answers(
        self, kind: type[Answer], rows: Sequence[Row], given: Asked, found: list[dict[str, Any]]
    ) -> Answers[Any]:
        told = PREDICTED.get()
        if told is not None:
            told.append((self._seen(rows, given.frame), given.ids, given.warnings, found))
        answers = [
            kind.model_construct(id=key, warnings=given.warnings.get(position), **values)
            for position, (key, values) in enumerate(zip(given.ids, found, strict=True))
        ]
        return Answers[Any].model_construct(model=self.version, predictions=answers)

    def _seen(self, rows: Sequence[Row], frame: pl.DataFrame) -> Any:
        """The rows for the log; where a shadow will predict them too, with how it is to see them."""
        if self.challenge is None or self.challenge.share:
            return frame
        return Again(frame, partial(asked, self.challenge.challenger.model.schema, rows))


_EXPLANATIONS: dict[str, type[Answer]] = {
    "binary": BinaryExplanation,
    "multiclass": MulticlassExplanation,
    "regression": EstimateExplanation,
}


def promoted(root: Path) -> tuple[Run, str]:
    """The run in production and the hash that its manifest must have.

    Raises Mistake when no run is promoted, or when its folder is gone.
    """
    from ..runs.ledger import production
    from ..runs.run import RUNS, Run

    found = production(root)
    if found is None:
        raise Mistake("no run is promoted yet.", hint="Run: overture promote best")
    return Run.open(root / RUNS / found.run_id), found.manifest_sha256


def challenger(root: Path) -> tuple[Run, str] | None:
    """The run that is tried beside production and the hash that its manifest must have; None where there is none.

    Raises Mistake when its folder is gone.
    """
    from ..runs.ledger import production
    from ..runs.run import RUNS, Run

    found = production(root)
    if found is None or found.challenger is None:
        return None
    return Run.open(root / RUNS / found.challenger.run_id), found.challenger.manifest_sha256


def class_name(label: bool | int | str) -> str:
    """A class as a key of JSON.

    assert [class_name(label) for label in ("No", 1, True)] == ["No", "1", "true"]
    """
    return str(label).lower() if isinstance(label, bool) else str(label)
