"""The files of a project that are written once and then the user's, from the cookiecutter template in templates/project."""

from __future__ import annotations

from pathlib import Path


def skeleton(folder: Path, name: str) -> None:
    """Write the skeleton into a folder that is there.

    name: the project's, valid already: letters, digits and dashes. Only `generate_files` of cookiecutter is used, which renders no
    values, asks nothing and starts nothing; `cookiecutter()` would render what it is given as templates.
    """
    from importlib.resources import as_file, files

    from cookiecutter.generate import generate_files

    values = {"folder": folder.name, "name": name, "service": service(name)}
    with as_file(files("overture.templates") / "project") as template:
        generate_files(
            str(template),
            context={"cookiecutter": values},
            output_dir=str(folder.parent),
            overwrite_if_exists=True,
            accept_hooks=False,
        )


def service(name: str) -> str:
    """The name of the service class.

    assert service("my-churn") == "MyChurn"
    """
    return "".join(part.capitalize() for part in name.split("-"))
