"""A project: its folder, its validated configuration, and what each step of training needs of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from .config.card import stated
from .config.load import as_text, load, spec_of
from .data.rows import Data, Rows
from .data.unchanged import Stamps, hold, unchanged
from .evaluation import Evaluation
from .hooks import Hooks
from .model import Model
from .progress import start_clock, step
from .runs.inputs import Inputs
from .schema import Schema
from .spec import Spec
from .splitting import Split
from .stated import Stated
from .sweeps.job import left, under_way
from .tracking.training import begins, leaves

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from omegaconf import DictConfig

    from .runs.run import Run


@dataclass(frozen=True)
class Project:
    """One project, ready to work."""

    hooks: Hooks
    spec: Spec
    config_text: str
    """The composed YAML, interpolations unresolved."""
    durations: dict[str, float] = field(default_factory=start_clock)
    """Seconds that each step took so far."""
    stated: Stated = field(default_factory=Stated)
    """What conf/card.yaml says of the model."""

    @classmethod
    def from_config(cls, config: DictConfig, hooks: ModuleType) -> Project:
        """The project of a training script, from the configuration that Hydra composed.

        Raises Mistake with every problem of the configuration.
        """
        found = Hooks.of(hooks)
        made = cls(found, spec_of(found.root, config), as_text(config), stated=stated(found.root))
        begins(made)
        return made

    @classmethod
    def open(cls, root: Path, overrides: Sequence[str] = ()) -> Project:
        """The project of a folder.

        Raises Mistake with every problem of the configuration.
        """
        loaded = load(root, overrides)
        return cls(Hooks.open(root), loaded.spec, loaded.text, stated=stated(root))

    @property
    def root(self) -> Path:
        """The project folder."""
        return self.hooks.root

    @property
    def name(self) -> str:
        """The project's name."""
        return self.spec.name

    @cached_property
    def schema(self) -> Schema:
        """The contract of a row, as declared."""
        return self.spec.contract

    @property
    def data(self) -> Data:
        """What `load` needs."""
        from .runs.before import before

        asked = self.spec.data.checks.previous is not None
        hashed = self._hashed[1] if "_hashed" in self.__dict__ else None
        return Data(
            self.spec.data,
            self.schema,
            self.root,
            self.hooks.features,
            before=before(self.root) if asked else None,
            encode=self._encode,
            meanwhile=self.spec.model.get_ready,
            seen=hashed,
        )

    @property
    def _encode(self) -> frozenset[str]:
        """The columns that may be held as codes: those that nothing but a model which takes codes looks at."""
        if not self.spec.model.takes_codes:
            return frozenset()
        return frozenset(self.schema.features) - {self.spec.split.divider, *self.spec.evaluation.slices}

    @property
    def split(self) -> Split:
        """How rows are told apart, with the project's seed unless it has its own; for a trial with folds of the search too."""
        given, search = self.spec.split, self.spec.sweep if self.trial else None
        folds = given.folds if search is None else _or(given.folds, search.folds)
        return given.model_copy(update={"seed": _or(given.seed, self.spec.seed), "folds": folds})

    @property
    def model(self) -> Model:
        """What is fitted, with the project's seed and threads unless it has its own."""
        seed, threads = _or(self.spec.model.seed, self.spec.seed), _or(self.spec.model.threads, self.spec.threads)
        return self.spec.model.model_copy(update={"seed": seed, "threads": threads})

    @property
    def evaluation(self) -> Evaluation:
        """What is measured."""
        return self.spec.evaluation

    @property
    def trial(self) -> bool:
        """Is this training a trial of a search, which `try_out` judges and which leaves no run?"""
        now = under_way()
        return now is not None and now.trial

    @property
    def inputs(self) -> Inputs:
        """What goes into a run: data, configuration, code and packages, each by its fingerprint."""
        return self._hashed[0]

    @cached_property
    def _hashed(self) -> tuple[Inputs, Stamps]:
        """The inputs, and the state of the files when they were hashed."""
        data = self.spec.data
        with unchanged(data, self.root) as stamps:
            return Inputs.of(self.root, self.spec, data.files(self.root)), stamps

    def hold(self, rows: Rows) -> None:
        """Make sure that the rows are those of the inputs.

        Raises Mistake with the files that were written to between the hashing and the loading.
        """
        hold(self._hashed[1], rows.stamps)

    def finished(self) -> Run | None:
        """The run that the same data, configuration, code and packages left before, if it is whole."""
        from .runs.completion import complete, is_put_off
        from .runs.store import finished

        if self.trial:
            return None
        if not all(file.is_file() for file in self.spec.data.files(self.root)):
            return None  # `load` says what is missing, and what may be meant
        with step("find") as now:
            run = finished(self.root, self.inputs.run_id)
            if run is not None:
                left(run.id)
                now.say(f"runs/{run.id}: nothing has changed since this run, so it is kept")
                leaves(run)
        return run if run is None or is_put_off() else complete(run)


def _or(own: int | None, shared: int | None) -> int | None:
    return shared if own is None else own
