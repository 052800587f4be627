"""A project folder and its generated files."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from overture.runtime.config.load import load

from .apply import generate
from .render import render

if TYPE_CHECKING:
    from .file import File
    from .plan import Step


def wanted(root: Path) -> dict[str, File]:
    """What the configuration of a project asks for, by path.

    Raises Mistake with every problem of the configuration.
    """
    return render(load(root).spec)


def regenerate(root: Path) -> list[Step]:
    """Bring the generated files of a project up to date with its configuration.

    Raises Mistake with every problem of the configuration.
    """
    return generate(root, wanted(root), overture_version=version("overture"))
