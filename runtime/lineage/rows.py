"""Whether two runs, or a run and the data of today, are of the same rows, however these are stored."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ..config.load import load, spec_of_text
from ..data.rows import Data
from ..data.rows import load as load_rows
from ..errors import Mistake
from ..runs.run import CONFIG, Run
from ..runs.store import find
from .today import Origin, origins

if TYPE_CHECKING:
    from ..spec import Spec

NOW = "now"
"""In place of a run: the data that conf/ describes today."""


def spec_of_run(run: Run, root: Path) -> Spec:
    """The configuration of a run as it was composed.

    Raises Mistake when this overture does not read it any more, or an environment variable that it names is not set.
    """
    try:
        return spec_of_text(root, (run.folder / CONFIG).read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise Mistake(f"{run.folder.name}/{CONFIG} cannot be read.") from error


def content(run: Run, root: Path) -> str:
    """The fingerprint of the rows of a run: as it was recorded, else of the inputs, which must be what they were.

    Raises Mistake when they are not, and as loading does.
    """
    if recorded := run.facts["data"].get("content"):
        return str(recorded)
    spec = spec_of_run(run, root)
    _all_unchanged(run, origins(run, root, spec.data))
    return _of(spec, root)


def content_named(name: str, root: Path) -> tuple[str, str]:
    """What a run is called, or "now", and the fingerprint of its rows.

    Raises Mistake when there is no such run, and as `content` does.
    """
    if name == NOW:
        return "the data of today", _of(load(root).spec, root)
    run = find(root, name)
    return run.id, content(run, root)


def _of(spec: Spec, root: Path) -> str:
    return load_rows(Data(spec.data, spec.contract, root, keep=False)).content


def _all_unchanged(run: Run, found: Iterable[Origin]) -> None:
    other = [it for origin in found for it in origin.inputs if it.today != "unchanged"]
    if other:
        what = (
            f"the rows of {run.id} have no fingerprint, and cannot be read again: {other[0].name} is {other[0].today}."
        )
        raise Mistake(what, hint="Write content: true in conf/data/, and runs keep one from then on.")
