"""Put the configuration of a project together with Hydra, and know which file each part came from."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import Mistake, Problem
from ..form import misplaced, unshown
from .catalogs import SCHEME, anchored, shown
from .catalogs import folder as catalog_folder
from .faults import PRIMARY, told
from .places import Document, KeyPath, Places, read
from .quick_yaml import quick_yaml

if TYPE_CHECKING:
    from omegaconf import DictConfig

OPEN = ("data.", "evaluation.", "explanations.", "model.", "serving.", "split.", "tracking.")
"""Sections whose keys are checked when the whole is put together: an override may write what no file has without Hydra's `+`."""


@dataclass
class Composition:
    """What Hydra put together, from which files, and what was wrong on the way."""

    config: DictConfig
    overrides: list[str]
    problems: list[Problem]
    defaults: list[Any]
    searchpath: list[str]


def compose(root: Path, overrides: Sequence[str]) -> Composition:
    """Compose; an option or override that fails is told, and replaced or left out for the remaining checks.

    Raises Mistake when there is no way to go on.
    """
    from hydra import compose as hydra_compose
    from hydra import initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    folder, given = (root / "conf").resolve(), [word for word in opened(overrides) if not misplaced(word)]
    problems = unshown(overrides)  # before Hydra sees and repeats them
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a search path that is missing is told by `told`
        with quick_yaml(), _nested(), initialize_config_dir(str(folder), version_base="1.3"):
            loader = GlobalHydra.instance().config_loader()
            anchored(loader, folder.parent)
            defaults = _defaults(loader)
            for _ in range(20):
                try:
                    config = hydra_compose(PRIMARY, given, return_hydra_config=True)
                    return Composition(config, given, problems, defaults, list(config.hydra.searchpath))
                except (HydraException, OmegaConfBaseException, RecursionError) as error:
                    problem, rest = told(error, folder, given)
                    problems.append(problem)
                    if rest is None:
                        break
                    given = rest
    raise Mistake(problems, notes=["The rest was not checked, because the configuration cannot be put together."])


@contextmanager
def _nested() -> Iterator[None]:
    """Compose also while a training script runs, whose own Hydra is in place again afterwards."""
    from hydra.core.global_hydra import GlobalHydra

    outer, GlobalHydra.instance().hydra = GlobalHydra.instance().hydra, None
    try:
        yield
    finally:
        GlobalHydra.instance().hydra = outer


def _defaults(loader: Any) -> list[Any]:
    """A list that holds the defaults list of whatever the loader composed last.

    Asking the loader for it would read every file a second time: half of the time of a wide data set.
    """
    made: list[Any] = []
    put_together = loader._compose_config_from_defaults_list

    def noted(defaults: list[Any], repo: Any) -> Any:
        made[:] = defaults
        return put_together(defaults=defaults, repo=repo)

    loader._compose_config_from_defaults_list = noted
    return made


def opened(overrides: Iterable[str]) -> Iterator[str]:
    """Overrides with Hydra's `++` before the keys of the sections."""
    for override in overrides:
        yield f"++{override}" if override.startswith(OPEN) and "=" in override else override


def places(root: Path, composition: Composition) -> Places:
    """Where each key of a composition was written."""
    documents = []
    for default in composition.defaults:
        found = _file(root, default.config_path or "", composition.searchpath)
        if found is not None:
            package = tuple(part for part in (default.package or "").split(".") if part)
            documents.append(Document(found[1], package, read(*found)))
    typed = [(path, text) for text in composition.overrides if (path := _override_path(text))]
    options = {default.config_path for default in composition.defaults}
    chosen = [it for it in typed if _chooses(it[1], options)]
    return Places(documents, [it for it in typed if it not in chosen], chosen)


def _file(root: Path, name: str, searchpath: Sequence[str]) -> tuple[Path, str] | None:
    """The file of an option: the project's own first, then along the search path."""
    own = root / "conf" / f"{name}.yaml"
    if own.is_file():
        return own, own.relative_to(root).as_posix()
    for entry in searchpath:
        scheme, _, rest = entry.partition("://")
        folder = _package(rest) if scheme == "pkg" else catalog_folder(root.resolve(), entry)
        if folder is not None and (path := folder / f"{name}.yaml").is_file():
            return path, shown(root, path) if entry.startswith(SCHEME) else f"{entry}/{name}.yaml"
    return None


def _package(name: str) -> Path | None:
    from importlib.resources import files

    try:
        return Path(str(files(name)))
    except (ModuleNotFoundError, TypeError):
        return None


def _chooses(override: str, options: set[str | None]) -> bool:
    """Does an override choose options of a group, and no value?"""
    group, _, names = override.lstrip("+").partition("=")
    return all(f"{group}/{name.strip()}" in options for name in names.strip("[]").split(","))


def _override_path(override: str) -> KeyPath:
    key, sign, _ = override.partition("=")
    return tuple(key.lstrip("+~").split(".")) if sign else ()
