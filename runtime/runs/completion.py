"""Report, card and explanations of a run: made with it, or put off and made from its folder alone."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import Mistake
from ..files import TEMPORARY, sha256, sync_folder, sync_tree
from ..progress import step
from . import manifest
from .run import CARD, CONFIG, EXPLANATIONS, HELD, PREDICTIONS, REPORT, Run

if TYPE_CHECKING:
    import polars as pl

    from ..schema import Schema

_later: ContextVar[bool] = ContextVar("later", default=False)


@contextmanager
def put_off() -> Iterator[None]:
    """Have the trainings of the block leave report, card and explanations to `complete`."""
    token = _later.set(True)
    try:
        yield
    finally:
        _later.reset(token)


def is_put_off() -> bool:
    """Are report, card and explanations of trainings left for later?"""
    return _later.get()


def complete(run: Run) -> Run:
    """The run with its report, card and explanations; they are made from its folder where they are not there yet.

    A kill at any moment leaves the run as it was. The rows that were kept for it leave the folder.
    Raises Mistake when the run was changed since it was recorded.
    """
    if not run.told:
        with step("explain"):
            run.verify()
            texts = tell(run.facts, run.schema(), _predictions(run), _config(run), _explanations(run))
            _add(run, texts)
    (run.folder / HELD).unlink(missing_ok=True)
    return run


def tell(
    facts: dict[str, Any],
    schema: Schema,
    predictions: pl.DataFrame,
    config: str,
    explanations: dict[str, Any] | None,
) -> dict[str, str]:
    """The files that tell of a run, by their names: report, card, and explanations where there are any.

    facts: run.json; schema: as learned; predictions: as in predictions.parquet; config: config.yaml.
    """
    from ..report.card import card
    from ..report.page import page

    made = {REPORT: page(facts, schema, predictions, config, explanations), CARD: card(facts, schema, explanations)}
    if explanations is not None:
        made[EXPLANATIONS] = json.dumps(explanations, ensure_ascii=False, allow_nan=False) + "\n"
    return made


def _explanations(run: Run) -> dict[str, Any] | None:
    """What explains its model, which is opened for nothing else; None where nothing is to be explained."""
    import polars as pl

    from ..explanations.explaining import explained
    from ..explanations.held import Held
    from ..explanations.settings import Explanations
    from ..explanations.subject import Subject
    from ..hooks import Hooks

    if run.facts.get("explanations") is None or not (run.folder / HELD).is_file():
        return None
    model, hooks = run.load_model(), Hooks(run.root)
    if model.schema.derived.keys() - model.schema.expressions.keys():
        _unchanged(run)
        hooks = Hooks.open(run.root)
    chosen, seed = Explanations.model_validate(run.facts["explanations"]), run.facts["seeds"]["project"]
    held = Held.back(pl.read_parquet(run.folder / HELD), _predictions(run), model.schema, chosen, seed)
    learned = run.facts["rows"]["train"]
    return explained(Subject.of(model, hooks, held, chosen, run.facts["objective"], seed, learned))


def _unchanged(run: Run) -> None:
    """Refuse to derive columns by other code than in training."""
    for name, digest in run.facts["inputs"]["code"].items():
        if name == "hooks.py" and sha256(run.root / name) != digest:
            what = f"hooks.py has changed since {run.id} was trained, so what it derives cannot be explained."
            raise Mistake(what, hint="Bring the hooks.py of that day back, or train again.")


def _predictions(run: Run) -> pl.DataFrame:
    import polars as pl

    return pl.read_parquet(run.folder / PREDICTIONS)


def _config(run: Run) -> str:
    return (run.folder / CONFIG).read_text("utf-8")


def _add(run: Run, texts: dict[str, str]) -> None:
    """Put files into the folder of a run; as long as the manifest does not name them, they are not there."""
    stage = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=run.folder.parent))
    try:
        for name, text in texts.items():
            (stage / name).write_bytes(text.encode())
        files = {path: digest for path, digest in manifest.read(run.folder).items() if path != HELD}
        files |= {name: sha256(stage / name) for name in texts}
        (stage / manifest.NAME).write_bytes(manifest.text(files, run.id))
        sync_tree(stage)
        for name in (*texts, manifest.NAME):
            os.replace(stage / name, run.folder / name)
        sync_folder(run.folder)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
