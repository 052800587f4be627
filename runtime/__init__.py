"""What a generated project may import, and nothing else; every name is loaded when it is first used."""

import os
from typing import TYPE_CHECKING, Any

from .cores import cores as _cores

if TYPE_CHECKING:
    from .command_line import scoring_script as scoring_script
    from .config.entry import entry as entry
    from .data.rows import check as check
    from .data.rows import load as load
    from .fitting import fit as fit
    from .measuring import evaluate as evaluate
    from .parts import split as split
    from .project import Project as Project
    from .runs.record import record as record
    from .trial import try_out as try_out

# No module of this package has the name of a function here: once imported, it would stand in its place.
_HOMES = {
    "Project": "project",
    "check": "data.rows",
    "entry": "config.entry",
    "evaluate": "measuring",
    "fit": "fitting",
    "load": "data.rows",
    "record": "runs.record",
    "scoring_script": "command_line",
    "split": "parts",
    "try_out": "trial",
}
# polars' allocator keeps what is freed in arenas of its own, by default four a core, each with some hundred MB while a
# large table is read. It looks at this once, when polars is imported.
os.environ.setdefault("_RJEM_MALLOC_CONF", f"narenas:{max(_cores() // 2, 1)}")
__all__ = ["Project", "check", "entry", "evaluate", "fit", "load", "record", "scoring_script", "split", "try_out"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
