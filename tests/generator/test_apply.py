"""Generated files reach the project, and nothing a person wrote is lost on the way."""

import os
import stat
from pathlib import Path

import pytest

from overture.generator.apply import generate, restore, survey
from overture.generator.file import File
from overture.generator.plan import Change
from overture.generator.report import pending
from overture.runtime.errors import Mistake

from ..effort import effort

V1 = "import a\n\n\ndef f():\n    return 1\n\n\ndef g():\n    return 2\n"
V2 = V1.replace("return 2", "return 22")


def _generate(root: Path, wanted: dict[str, str] | dict[str, File]) -> dict[str, str]:
    files = {path: file if isinstance(file, File) else File(file) for path, file in wanted.items()}
    return {step.path: str(step.change) for step in generate(root, files, overture_version="1")}


def _tree(root: Path) -> dict[str, tuple[bytes, int]]:
    # taking the lock may touch its file, which holds nothing
    found = {path: path.stat() for path in root.rglob("*") if path.is_file() and path.name != "generate.lock"}
    return {path.relative_to(root).as_posix(): (path.read_bytes(), at.st_mtime_ns) for path, at in found.items()}


def test_generating_twice_writes_nothing_the_second_time(tmp_path: Path) -> None:
    assert _generate(tmp_path, {"a.py": V1, "tests/b.py": V1}) == {"a.py": "create", "tests/b.py": "create"}
    before = _tree(tmp_path)

    assert _generate(tmp_path, {"a.py": V1, "tests/b.py": V1}) == {"a.py": "same", "tests/b.py": "same"}
    assert _tree(tmp_path) == before


def test_looking_writes_nothing(tmp_path: Path) -> None:
    _generate(tmp_path, {"a.py": V1})
    before = _tree(tmp_path)

    assert [step.change for step in pending(survey(tmp_path, {"a.py": File(V2), "b.py": File(V1)}))] == [
        "update",
        "create",
    ]
    assert _tree(tmp_path) == before
    empty = tmp_path / "empty"
    empty.mkdir()
    survey(empty, {"a.py": File(V1)})
    assert list(empty.iterdir()) == []


def test_edits_are_merged_and_are_not_staleness(tmp_path: Path) -> None:
    _generate(tmp_path, {"a.py": V1})
    (tmp_path / "a.py").write_text(V1.replace("return 1", "return 1 + mine"))

    assert pending(survey(tmp_path, {"a.py": File(V1)})) == []
    assert _generate(tmp_path, {"a.py": V2}) == {"a.py": "merge"}
    assert (tmp_path / "a.py").read_text() == V2.replace("return 1", "return 1 + mine")
    assert _generate(tmp_path, {"a.py": V2}) == {"a.py": "keep"}


def test_a_conflict_waits_until_it_is_solved(tmp_path: Path) -> None:
    _generate(tmp_path, {"a.py": V1})
    mine = tmp_path / "a.py"
    mine.write_text(V1.replace("return 2", "return 2 + mine"))
    assert _generate(tmp_path, {"a.py": V2}) == {"a.py": "conflict"}
    marked = mine.read_text()

    assert _generate(tmp_path, {"a.py": V1 + "# newer\n"}) == {"a.py": "conflict"}
    assert mine.read_text() == marked
    assert pending(survey(tmp_path, {"a.py": File(V2)}))
    mine.write_text(V2.replace("return 22", "return 22 + mine"))
    assert _generate(tmp_path, {"a.py": V2}) == {"a.py": "keep"}


def test_what_is_replaced_is_kept_in_the_backup(tmp_path: Path) -> None:
    _generate(tmp_path, {"a.py": V1, "sub/b.py": V1})
    (tmp_path / "a.py").write_text("# mine\n" + V1)
    _generate(tmp_path, {"a.py": V2})

    assert (tmp_path / ".overture/backup/a.py").read_text() == "# mine\n" + V1
    assert (tmp_path / ".overture/backup/sub/b.py").read_text() == V1
    assert not (tmp_path / "sub/b.py").exists()


def test_executable_bits_are_given_once_and_then_survive(tmp_path: Path) -> None:
    def bits(name: str) -> int:
        return stat.S_IMODE((tmp_path / name).stat().st_mode)

    _generate(tmp_path, {"run.sh": File("one\n", executable=True), "a.py": File(V1)})
    assert bits("run.sh") & 0o100
    assert not bits("a.py") & 0o111
    os.chmod(tmp_path / "a.py", 0o750)
    os.chmod(tmp_path / "run.sh", 0o640)
    _generate(tmp_path, {"run.sh": File("two\n", executable=True), "a.py": File(V2)})

    assert (bits("a.py"), bits("run.sh")) == (0o750, 0o640)


def test_a_link_inside_the_project_stays_a_link(tmp_path: Path) -> None:
    _generate(tmp_path, {"a.py": V1})
    (tmp_path / "a.py").rename(tmp_path / "real.py")
    (tmp_path / "a.py").symlink_to("real.py")
    _generate(tmp_path, {"a.py": V2})

    assert (tmp_path / "a.py").is_symlink()
    assert (tmp_path / "real.py").read_text() == V2


def test_a_path_out_of_the_project_writes_nothing(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    with pytest.raises(Mistake, match="no path inside"):
        _generate(root, {"a.py": V1, "../b.py": V1})

    assert [path.name for path in tmp_path.rglob("*") if path.is_file() and path.name != "generate.lock"] == []


def test_a_file_edited_at_the_same_moment_is_not_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import overture.generator.apply as apply

    _generate(tmp_path, {"a.py": V1})
    survey_then = apply.plan

    def and_then_someone_saves(*given: object) -> object:
        steps = survey_then(*given)  # type: ignore[arg-type]
        (tmp_path / "a.py").write_text("saved meanwhile\n")
        return steps

    monkeypatch.setattr(apply, "plan", and_then_someone_saves)
    with pytest.raises(Mistake, match="was changed while"):
        _generate(tmp_path, {"a.py": V2})
    monkeypatch.undo()

    assert (tmp_path / "a.py").read_text() == "saved meanwhile\n"
    assert _generate(tmp_path, {"a.py": V2}) == {"a.py": "conflict"}


def test_without_git_the_new_text_lies_beside_until_it_is_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _generate(tmp_path, {"a.py": V1})
    mine = V1.replace("return 1", "return 1 + mine")
    (tmp_path / "a.py").write_text(mine)
    monkeypatch.setenv("PATH", str(tmp_path))
    incoming = tmp_path / ".overture/incoming/a.py"

    for _ in range(2):
        assert _generate(tmp_path, {"a.py": V2}) == {"a.py": "conflict"}
        assert (tmp_path / "a.py").read_text() == mine
        assert incoming.read_text() == V2
    (tmp_path / "a.py").write_text(V2.replace("return 1", "return 1 + mine"))
    incoming.unlink()
    assert _generate(tmp_path, {"a.py": V2}) == {"a.py": "keep"}


def test_restoring_brings_back_the_generated_text_and_saves_the_edited_one(tmp_path: Path) -> None:
    wanted = {"a.py": File(V1), "b.py": File(V1), "own.py": File(V1, once=True)}
    generate(tmp_path, wanted, overture_version="1")
    mine = V1.replace("\n", "\r\n").encode() + b"# mine\r\n"
    (tmp_path / "a.py").write_bytes(mine)
    (tmp_path / "a.py.orig").write_text("something else\n")
    done = restore(tmp_path, wanted, "a.py")

    assert (done.saved, done.step.change) == ("a.py.orig.2", Change.UPDATE)
    assert (tmp_path / "a.py.orig.2").read_bytes() == mine
    assert (tmp_path / "a.py").read_bytes() == V1.replace("\n", "\r\n").encode()
    assert (tmp_path / "a.py.orig").read_text() == "something else\n"
    assert _generate(tmp_path, wanted) == {"a.py": "same", "b.py": "same", "own.py": "same"}


@pytest.mark.parametrize("path", ["a.py", "own.py"])
def test_restoring_brings_back_a_deleted_file(tmp_path: Path, path: str) -> None:
    wanted = {"a.py": File(V1), "own.py": File(V1, once=True)}
    generate(tmp_path, wanted, overture_version="1")
    (tmp_path / path).unlink()
    assert _generate(tmp_path, wanted)[path] == "dropped"

    assert restore(tmp_path, wanted, path).saved is None
    assert (tmp_path / path).read_text() == V1
    assert set(_generate(tmp_path, wanted).values()) == {"same"}


def test_restoring_a_file_in_conflict_ends_the_conflict(tmp_path: Path) -> None:
    _generate(tmp_path, {"a.py": V1})
    (tmp_path / "a.py").write_text(V1.replace("return 2", "return 2 + mine"))
    _generate(tmp_path, {"a.py": V2})
    done = restore(tmp_path, {"a.py": File(V2)}, "a.py")

    assert done.saved == "a.py.orig"
    assert "return 2 + mine" in (tmp_path / "a.py.orig").read_text()
    assert _generate(tmp_path, {"a.py": V2}) == {"a.py": "same"}


def test_restoring_touches_no_other_file(tmp_path: Path) -> None:
    _generate(tmp_path, {"a.py": V1, "b.py": V1})
    (tmp_path / "a.py").write_text("# mine\n" + V1)
    restore(tmp_path, {"a.py": File(V2), "b.py": File(V2)}, "a.py")

    assert (tmp_path / "b.py").read_text() == V1
    assert _generate(tmp_path, {"a.py": V2, "b.py": V2}) == {"a.py": "same", "b.py": "update"}


def test_restoring_what_is_not_generated_suggests_what_is(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match=r'Did you mean "train.py"'):
        restore(tmp_path, {"train.py": File(V1)}, "trian.py")


def test_what_the_system_refuses_is_told_and_nothing_is_changed(tmp_path: Path) -> None:
    _generate(tmp_path, {"a.py": V1})
    backup = tmp_path / ".overture" / "backup"
    backup.write_text("a file where a folder should be")

    with pytest.raises(Mistake, match=r"backup.*run it again"):
        _generate(tmp_path, {"a.py": V2})
    assert (tmp_path / "a.py").read_text() == V1
    backup.unlink()
    assert _generate(tmp_path, {"a.py": V2}) == {"a.py": "update"}


def test_thirty_files_with_edits_are_quick(tmp_path: Path) -> None:
    old = {f"{i}.py": V1 for i in range(30)}
    _generate(tmp_path, old)
    for path in old:
        (tmp_path / path).write_text(V1.replace("return 1", "return 1 + 1"))
    found: dict[str, str] = {}

    assert effort(lambda: found.update(_generate(tmp_path, dict.fromkeys(old, V2)))) < 16
    assert set(found.values()) == {"merge"}
