"""Generated Python has one form."""

from pathlib import Path

import pytest

from overture.generator.format import format_python, ruff_version
from overture.runtime.errors import Mistake

from ..effort import effort

UGLY = "x   = {  'a':1 }\n"


def test_python_is_formatted_and_other_text_is_not() -> None:
    assert format_python({"a.py": UGLY, "tests/a.py": "y=1", "README.md": UGLY}) == {
        "a.py": 'x = {"a": 1}\n',
        "tests/a.py": "y = 1\n",
        "README.md": UGLY,
    }


def test_formatting_twice_changes_nothing() -> None:
    long = {"a.py": f"values = [{', '.join(repr('word' * 5) for _ in range(50))}]\n"}
    once = format_python(long)

    assert format_python(once) == once
    assert max(map(len, once["a.py"].split("\n"))) <= 100


def test_the_settings_of_a_project_do_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyproject.toml").write_text(
        "[tool.ruff]\nline-length = 20\n[tool.ruff.format]\nquote-style = 'single'\n"
    )
    monkeypatch.chdir(tmp_path)

    assert format_python({"a.py": UGLY})["a.py"] == 'x = {"a": 1}\n'


def test_what_is_no_python_is_told_with_its_path() -> None:
    with pytest.raises(ValueError, match=r"service\.py"):
        format_python({"service.py": "def ("})


def test_a_missing_ruff_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    import ruff.__main__

    def missing() -> str:
        raise FileNotFoundError

    monkeypatch.setattr(ruff.__main__, "find_ruff_bin", missing)
    with pytest.raises(Mistake, match="ruff is missing"):
        format_python({"a.py": UGLY})


def test_thirty_files_take_little_time() -> None:
    texts = {f"{i}.py": "".join(f"x{j}   = 'a'\n" for j in range(100)) for i in range(30)}

    assert effort(lambda: format_python(texts)) < 12


def test_the_version_is_that_of_ruff() -> None:
    assert ruff_version()[0].isdigit()
