"""What was generated last is known again, whatever happened to the manifest."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from overture.generator.apply import generate, survey
from overture.generator.file import File
from overture.generator.manifest import BASES, NAME, Manifest, blob, read
from overture.generator.plan import Change
from overture.generator.report import pending
from overture.runtime.errors import Mistake

TEXT = "".join(f"line {i}\n" for i in range(40))
WANTED = {"a.txt": File(TEXT), "b.txt": File("b\n"), "sub/c.txt": File(""), "own.txt": File("own\n", once=True)}


def _changes(root: Path, wanted: dict[str, File] = WANTED) -> dict[str, str]:
    return {step.path: str(step.change) for step in generate(root, wanted, overture_version="1.0")}


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    _changes(tmp_path)
    return tmp_path


def test_the_manifest_is_json_and_says_what_was_generated_by_what(root: Path) -> None:
    facts = json.loads((root / NAME).read_text())

    assert facts["overture"] == "1.0"
    assert list(facts["files"]) == ["a.txt", "b.txt", "own.txt", "sub/c.txt"]
    assert facts["files"]["own.txt"] == "once"
    assert read(root) == Manifest(
        {"a.txt": (TEXT,), "b.txt": ("b\n",), "sub/c.txt": ("",)}, frozenset({"own.txt"}), "1.0"
    )


def test_names_and_texts_of_any_kind_come_back(tmp_path: Path) -> None:
    wanted = {'größe "x" 日本.txt'.replace('"', "'"): File("\u2028 a\n\x0c\n\n|b"), "a.0123456789ab": File("x\n")}
    generate(tmp_path, wanted, overture_version="1")

    assert read(tmp_path).bases == {path: (file.canonical,) for path, file in wanted.items()}


@pytest.mark.parametrize("broken", [None, "", "{", "no json at all \udcff", "\x00"])
def test_a_lost_manifest_is_made_again_from_the_bases(root: Path, broken: str | None) -> None:
    before = (root / NAME).read_text()
    _edit(root / "a.txt", "line 3\n", "mine\n")
    if broken is None:
        (root / NAME).unlink()
    else:
        (root / NAME).write_bytes(broken.encode(errors="surrogateescape"))

    assert _changes(root) == {"a.txt": "keep", "b.txt": "same", "sub/c.txt": "same", "own.txt": "same"}
    assert (root / NAME).read_text() == before


def test_after_a_lost_manifest_edits_still_merge(root: Path) -> None:
    _edit(root / "a.txt", "line 3\n", "mine\n")
    (root / NAME).unlink()
    newer = {**WANTED, "a.txt": File(TEXT.replace("line 30\n", "new\n"))}

    assert _changes(root, newer)["a.txt"] == "merge"
    assert (root / "a.txt").read_text() == TEXT.replace("line 3\n", "mine\n").replace("line 30\n", "new\n")


def test_an_edited_base_is_found_and_named(root: Path) -> None:
    path, _ = blob("a.txt", TEXT)
    _edit(root / path, "line 3", "line three")

    with pytest.raises(Mistake, match=r"a\.txt\.[0-9a-f]{12} was edited"):
        survey(root, WANTED)
    (root / path).unlink()
    assert _changes(root)["a.txt"] == "adopt"


def test_line_ends_changed_by_git_do_not_matter(root: Path) -> None:
    for file in [*(root / BASES).rglob("*.*"), root / NAME, root / "a.txt"]:
        if file.is_file():
            file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))

    assert set(_changes(root).values()) == {"same"}


def test_a_manifest_of_a_newer_overture_is_refused(root: Path) -> None:
    _edit(root / NAME, '"version": 1', '"version": 2')

    with pytest.raises(Mistake, match="newer overture"):
        survey(root, WANTED)


def test_a_manifest_that_names_files_outside_is_refused(root: Path) -> None:
    _edit(root / NAME, '"b.txt"', '"../b.txt"')

    with pytest.raises(Mistake, match="no path inside"):
        survey(root, WANTED)


def _git(root: Path, *words: str, ok: bool = True) -> str:
    who = [
        "-c",
        "user.name=n",
        "-c",
        "user.email=n@example.org",
        "-c",
        "commit.gpgsign=false",
        "-c",
        "core.autocrlf=false",
    ]
    done = subprocess.run(["git", *who, *words], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0 or not ok, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def branches(root: Path) -> Path:
    """A project in git in which two branches generated, edited, and were merged by git."""
    _git(root, "init", "-q", "-b", "main")
    _commit(root, "start")
    _git(root, "checkout", "-q", "-b", "other")
    _changes(root, {**WANTED, "a.txt": File(TEXT.replace("line 30\n", "other\n"))})
    _edit(root / "a.txt", "line 20\n", "edit of other\n")
    _commit(root, "other")
    _git(root, "checkout", "-q", "main")
    _changes(root, {**WANTED, "a.txt": File(TEXT.replace("line 10\n", "main\n"))})
    _edit(root / "a.txt", "line 3\n", "edit of main\n")
    _commit(root, "main")
    return root


def _commit(root: Path, message: str) -> None:
    _git(root, "add", "-A")
    _git(root, "commit", "-q", "-m", message)


def test_two_branches_that_both_generated_merge_in_git_and_the_manifest_mends_itself(branches: Path) -> None:
    _git(branches, "merge", "-q", "other")
    both = TEXT.replace("line 10\n", "main\n").replace("line 30\n", "other\n")
    edited = both.replace("line 3\n", "edit of main\n").replace("line 20\n", "edit of other\n")

    assert (branches / "a.txt").read_text() == edited
    assert len(read(branches).bases["a.txt"]) == 2
    assert _changes(branches, {**WANTED, "a.txt": File(both)})["a.txt"] == "keep"
    assert read(branches).bases["a.txt"] == (both,)
    assert pending(survey(branches, {**WANTED, "a.txt": File(both)})) == []
    json.loads((branches / NAME).read_text())


def test_what_a_merged_configuration_no_longer_wants_is_taken_out_again(branches: Path) -> None:
    _git(branches, "merge", "-q", "other")

    assert _changes(branches)["a.txt"] == "merge"
    assert (branches / "a.txt").read_text() == TEXT.replace("line 3\n", "edit of main\n").replace(
        "line 20\n", "edit of other\n"
    )


def test_conflict_markers_of_git_in_the_manifest_are_mended(branches: Path) -> None:
    (branches / ".overture" / ".gitattributes").unlink()
    _commit(branches, "no attributes")
    _git(branches, "merge", "-q", "other", ok=False)
    both = TEXT.replace("line 10\n", "main\n").replace("line 30\n", "other\n")

    assert "<<<<<<<" in (branches / NAME).read_text()
    assert _changes(branches, {**WANTED, "a.txt": File(both)})["a.txt"] == "keep"
    json.loads((branches / NAME).read_text())


def test_what_is_only_ours_is_not_committed(branches: Path) -> None:
    _edit(branches / "b.txt", "b\n", "mine\n")
    _changes(branches, {**WANTED, "b.txt": File("theirs\n")})
    shown = _git(branches, "status", "--short", "--untracked-files=all")

    assert (branches / ".overture" / "backup" / "b.txt").exists()
    assert "backup" not in shown
    assert "lock" not in shown
    assert "stage" not in shown


def test_bases_that_git_left_out_are_no_obstacle(root: Path) -> None:
    shutil.rmtree(root / BASES)
    _edit(root / "b.txt", "b\n", "mine\n")
    found = {step.path: step.change for step in survey(root, WANTED)}

    assert found == {"a.txt": Change.ADOPT, "b.txt": Change.CONFLICT, "sub/c.txt": Change.ADOPT, "own.txt": Change.SAME}
