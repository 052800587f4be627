"""From a Spec to the text of every managed file: pure, so that checking, comparing and writing all start from the same."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING

from overture.runtime.config.schemas import schemas

from .file import File
from .format import format_python
from .harmless import harmless
from .literals import environment
from .target import TARGETS, Template
from .verify import compare

if TYPE_CHECKING:
    from jinja2 import Environment

    from overture.runtime.spec import Spec

HEADER = "Written by overture from conf/. Change conf/ first; what you change here is kept\nwhen `overture generate` runs again."


def render(spec: Spec) -> dict[str, File]:
    """Every managed file of a project by its path.

    No disk, no clock, no environment goes in: the same Spec gives the same bytes.
    Raises ValueError when a text of the configuration would become code, which no configuration should be able to do.
    """
    made = _texts(spec)
    compare(made, _texts(harmless(spec)))
    return {path: File(text) for path, text in sorted({**format_python(made), **_editor_schemas()}.items())}


def templates() -> Environment:
    """The environment of overture's own templates."""
    from jinja2 import PackageLoader

    return environment(PackageLoader("overture.templates", ""))


def _texts(spec: Spec) -> dict[str, str]:
    loaded = _loaded()
    files: dict[str, Template | str] = {"train.py": Template("train.py.jinja", {"description": spec.description})}
    for target, options in spec.serving:
        if options is not None:
            files.update(TARGETS[target]().files(spec))
    return {
        path: loaded.get_template(file.name).render(name=spec.name, header=HEADER, **file.values)
        if isinstance(file, Template)
        else file
        for path, file in files.items()
    }


@cache
def _loaded() -> Environment:
    return templates()


@cache
def _editor_schemas() -> dict[str, str]:
    return {
        f".overture/schemas/{name}.json": json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
        for name, schema in schemas().items()
    }
