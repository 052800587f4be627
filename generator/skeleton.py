"""The files of a project that are written once and then the user's, from the cookiecutter template in templates/project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .literals import Code, environment
from .targets.http import service_class


def skeleton(folder: Path, name: str) -> None:
    """Write the skeleton into a folder that is there.

    name: the project's, valid already: letters, digits and dashes. Only `generate_files` of cookiecutter is used, which renders no
    values, asks nothing and starts nothing; `cookiecutter()` would render what it is given as templates.
    """
    from importlib.resources import as_file, files

    from cookiecutter.generate import generate_files
    from jinja2 import DictLoader

    strict = environment(DictLoader({}))
    values: dict[str, Any] = {"folder": Code(folder.name), "name": Code(name), "service": Code(service_class(name))}
    values |= {"_jinja2_env_vars": {"finalize": strict.finalize, "autoescape": True}}
    with as_file(files("overture.templates") / "project") as template:
        generate_files(
            str(template),
            context={"cookiecutter": values},
            output_dir=str(folder.parent),
            overwrite_if_exists=True,
            accept_hooks=False,
        )
