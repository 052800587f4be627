"""Generated files lie inside the project folder."""

from pathlib import Path

import pytest

from overture.generator.paths import check_paths
from overture.runtime.errors import Mistake


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "../x",
        "a/../../x",
        "a//b",
        "./a",
        "a/",
        "a\\b",
        "C:x",
        "a\nb",
        "a\x00b",
        "\u202ea",
        "x" * 300,
        "a.",
        ".overture/manifest.json",
        ".OVERTURE/x",
        ".git/hooks/pre-commit",
        "a*b",
        ".",
        "..",
    ],
)
def test_a_path_that_is_no_path_of_the_project_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(Mistake, match="cannot be generated"):
        check_paths(tmp_path, [path])


def test_ordinary_paths_are_fine(tmp_path: Path) -> None:
    check_paths(
        tmp_path,
        ["train.py", "tests/test_service.py", ".gitignore", "a/b/c.txt", ".overture/schemas/data.json", "größe.md"],
    )


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(Mistake) as caught:
        check_paths(tmp_path, ["../a", "/b", "c.py"])

    assert len(caught.value.problems) == 2


def test_a_link_out_of_the_project_is_refused(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "tests").symlink_to(outside)
    (root / "a.py").symlink_to(outside / "a.py")
    (root / "inside").mkdir()
    (root / "b").symlink_to(root / "inside")

    check_paths(root, ["b/c.py"])
    for path in ("tests/a.py", "a.py"):
        with pytest.raises(Mistake, match="out of the project"):
            check_paths(root, [path])


def test_a_folder_or_a_file_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.py").mkdir()
    (tmp_path / "tests").write_text("")

    with pytest.raises(Mistake, match="is a folder"):
        check_paths(tmp_path, ["a.py"])
    with pytest.raises(Mistake, match="below tests, which is a file"):
        check_paths(tmp_path, ["tests/a.py"])


def test_paths_that_differ_in_case_only_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match="case only"):
        check_paths(tmp_path, ["Train.py", "train.py"])
