"""What a generated project may import, and nothing else; every name is loaded when it is first used."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .command_line import scoring_script as scoring_script
    from .config.entry import entry as entry
    from .data.rows import check as check
    from .data.rows import load as load
    from .evaluate import evaluate as evaluate
    from .fit import fit as fit
    from .parts import split as split
    from .project import Project as Project
    from .runs.record import record as record

_HOMES = {
    "Project": "project",
    "check": "data.rows",
    "entry": "config.entry",
    "evaluate": "evaluate",
    "fit": "fit",
    "load": "data.rows",
    "record": "runs.record",
    "scoring_script": "command_line",
    "split": "parts",
}
# Submodules of the same name as a function (`split`, `evaluate`, `fit`) would hide it once they are imported.
__all__ = ["Project", "check", "entry", "evaluate", "fit", "load", "record", "scoring_script", "split"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
