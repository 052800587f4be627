"""What a person changed and what the generator changed come together."""

from pathlib import Path

import pytest

from overture.generator.merge import markers, merge

BASE = "".join(f"line {i}\n" for i in range(12))
MINE = BASE.replace("line 2\n", "mine\n")
THEIRS = BASE.replace("line 9\n", "theirs\n")


def test_changes_in_different_places_merge() -> None:
    merged = merge(MINE, BASE, THEIRS)

    assert merged is not None
    assert (merged.text, merged.conflicts) == (BASE.replace("line 2\n", "mine\n").replace("line 9\n", "theirs\n"), 0)


def test_changes_of_the_same_line_are_marked_with_all_three_texts() -> None:
    merged = merge("a\nmine\nb\n", "a\nbase\nb\n", "a\ntheirs\nb\n")

    assert merged is not None
    assert merged.conflicts == 1
    assert merged.text == (
        "a\n<<<<<<< your edit\nmine\n||||||| last generated\nbase\n=======\ntheirs\n>>>>>>> newly generated\nb\n"
    )
    assert markers(merged.text, "a\nmine\nb\n") == (2,)


def test_without_a_base_every_difference_is_a_conflict() -> None:
    merged = merge(MINE, None, THEIRS)

    assert merged is not None
    assert merged.conflicts == 2
    assert "last generated" not in merged.text
    assert {"mine", "theirs", "line 0"} <= set(merged.text.split("\n"))


def test_the_settings_of_git_do_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").write_text("[merge]\n\tconflictStyle = zdiff3\n[core]\n\tautocrlf = true\n")
    plain = merge("a\nmine\n", "a\nb\n", "a\ntheirs\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))

    assert merge("a\nmine\n", "a\nb\n", "a\ntheirs\n") == plain


def test_where_there_is_no_git_nothing_is_merged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert merge(MINE, BASE, THEIRS) is None


@pytest.mark.parametrize(
    ("text", "known", "expected"),
    [
        ("a\n<<<<<<< your edit\nb\n=======\nc\n>>>>>>> newly generated\n", "", (2,)),
        ("<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> branch\n", "", (1,)),
        ("a\n>>>>>>> newly generated\n", "", (2,)),
        ("Title\n=======\n", "", ()),
        ("x = 1 <<<<<<< 2\n", "", ()),
        ("<<<<<<< described\n", "<<<<<<< described\n", ()),
    ],
)
def test_markers_are_found_but_for_lines_that_were_generated(text: str, known: str, expected: tuple[int, ...]) -> None:
    assert markers(text, known, None) == expected


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    merge(MINE, BASE, THEIRS)

    assert list(tmp_path.iterdir()) == []
