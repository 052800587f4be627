"""Shared catalogs: folders of options outside of a project, which hydra.searchpath names as file://../catalog.

A path that is not absolute starts at the project folder, wherever the command was typed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from ..errors import Mistake, Place, Problem
from .faults import PRIMARY
from .places import read, scalars

SCHEME = "file://"


def folder(root: Path, entry: str) -> Path:
    """The folder that an entry of the search path names.

    assert folder(Path("/projects/churn"), "file://../catalog") == Path("/projects/catalog")
    """
    return Path(os.path.normpath(root / entry.removeprefix(SCHEME)))


def shown(root: Path, path: Path) -> str:
    """A file of a catalog as a person in the project folder names it: ../catalog/data/customers.yaml."""
    try:
        return Path(os.path.relpath(path, root.resolve())).as_posix()
    except ValueError:  # another drive
        return path.as_posix()


def named(root: Path) -> dict[Path, Place]:
    """The catalogs of a project, in the order in which they are searched, and where it names each.

    Raises Mistake when the project's conf/config.yaml is not YAML.
    """
    name = f"conf/{PRIMARY}.yaml"
    if not (root / name).is_file():
        return {}
    node = read(root / name, name)
    return {
        folder(root.resolve(), value.value): Place(name, value.start_mark.line + 1)
        for path, value, is_key in scalars(node)
        if not is_key and path[:2] == ("hydra", "searchpath") and _is_file(value)
    }


def problems(root: Path) -> Iterator[Problem]:
    """Catalogs that are not there, and files of theirs that are not YAML.

    Raises Mistake when the project's conf/config.yaml is not YAML.
    """
    for catalog, place in named(root).items():
        if not catalog.is_dir():
            what = f"there is no folder {shown(root, catalog)}."
            hint = "A path that is not absolute starts at the project folder."
            yield Problem(what, key="hydra.searchpath", place=place, hint=hint)
        for path in sorted(catalog.rglob("*.yaml")):
            try:
                read(path, shown(root, path))
            except Mistake as error:
                yield from error.problems


def anchored(loader: Any, root: Path) -> None:
    """Have a loader of Hydra take relative entries of the search path from the project folder, not from where we stand."""
    process = loader._process_config_searchpath

    def processed(config_name: Any, parsed_overrides: Any, repo: Any) -> None:
        initialize = repo.initialize_sources

        def rooted(path: Any) -> None:
            for entry in path.get_path():
                if entry.path.startswith(SCHEME):
                    entry.path = f"{SCHEME}{folder(root, entry.path).as_posix()}"
            initialize(path)

        repo.initialize_sources = rooted
        try:
            process(config_name, parsed_overrides, repo)
        finally:
            repo.initialize_sources = initialize

    loader._process_config_searchpath = processed


def _is_file(value: yaml.ScalarNode) -> bool:
    return str(value.value).startswith(SCHEME)
