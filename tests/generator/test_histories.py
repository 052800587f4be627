"""Random histories of edits, new configurations, generates and kills: no line of a person is ever lost, and it always converges."""

import contextlib
import itertools
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from overture.generator.apply import generate, survey
from overture.generator.file import File
from overture.generator.plan import Change
from overture.generator.report import conflicts, pending
from overture.runtime.errors import Mistake

SOAK = os.environ.get("OVERTURE_SOAK") == "1"
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # where thousands of fsyncs cost nothing
PATHS = ("a.txt", "sub/b.txt", "c.py", "own.txt")
WRITES = ("replace", "rename", "unlink", "remove", "mkdir", "rmdir", "chmod", "write", "fsync", "open")


class Killed(BaseException):
    """The process is gone."""


class Death:
    """Kills before the n-th operation on files below a folder; from then on nothing more happens there, as in a process that is gone.

    A write that is hit writes half of what it should.
    """

    def __init__(self, root: Path, after: int) -> None:
        self.root, self.left, self.dead = str(root), after, False

    def __enter__(self) -> "Death":
        self.then = {name: getattr(os, name) for name in WRITES}
        for name, function in self.then.items():
            setattr(os, name, self._guarded(name, function))
        return self

    def __exit__(self, *_: object) -> None:
        for name, function in self.then.items():
            setattr(os, name, function)

    def _guarded(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(*given: Any, **named: Any) -> Any:
            if not self._concerns(name, given, named):
                return function(*given, **named)
            self.left -= 1
            if self.left < 0 and not self.dead:
                self.dead = True
                if name == "write":
                    function(given[0], given[1][: len(given[1]) // 2])
            if self.dead:
                raise Killed
            return function(*given, **named)

        return guarded

    def _concerns(self, name: str, given: tuple[Any, ...], named: dict[str, Any]) -> bool:
        if name == "open" and not given[1] & (os.O_CREAT | os.O_WRONLY | os.O_RDWR):
            return False
        where = named.get("dir_fd")
        where = given[0] if where is None else where
        path = str(Path(f"/proc/self/fd/{where}").readlink()) if isinstance(where, int) else os.fspath(where)
        return path.startswith(self.root) and "generate.lock" not in path


def _generate(root: Path, wanted: dict[str, File]) -> dict[str, Change]:
    return {step.path: step.change for step in generate(root, wanted, overture_version="1")}


def _lines(root: Path) -> dict[str, set[str]]:
    """The lines a person wrote, by file."""
    found = {path: root / path for path in PATHS if (root / path).exists()}
    return {
        path: {line for line in file.read_text().split("\n") if line.startswith("mine")} for path, file in found.items()
    }


def _settles(root: Path, wanted: dict[str, File]) -> None:
    """Generating once brings everything into order, and generating again changes nothing."""
    _generate(root, wanted)
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    steps = generate(root, wanted, overture_version="1")
    after = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}

    assert pending(steps) == conflicts(steps)
    assert not any(step.writes for step in steps)
    assert after == before
    assert not list((root / ".overture").glob("stage-*"))
    json.loads((root / ".overture" / "manifest.json").read_text())


class History:
    """A project to which things happen, in an order that a seed decides."""

    def __init__(self, root: Path, chance: random.Random) -> None:
        self.root, self.chance, self.count = root, chance, itertools.count()
        self.wanted = {path: File(self._text(path), once=path == "own.txt") for path in PATHS}

    def _text(self, path: str) -> str:
        return "".join(f"x{i} = {i}\n" if path.endswith(".py") else f"line {i}\n" for i in range(40))

    def _change(self, text: str, who: str) -> str:
        lines = text.splitlines(keepends=True)
        for _ in range(self.chance.randint(1, 3)):
            place, new = self.chance.randrange(len(lines) + 1), f"{who}{next(self.count)} = 0\n"
            action = self.chance.choice(("insert", "replace", "delete"))
            own = place < len(lines) and lines[place].startswith("mine")
            if action == "insert" or place == len(lines) or (own and who == "mine"):
                lines.insert(place, new)
            else:
                lines[place : place + 1] = [new] if action == "replace" else []
        return "".join(lines)

    def edit(self) -> None:
        """A person changes a file, in the line ends it has."""
        if file := self._some():
            data = file.read_bytes()
            text = self._change(data.decode().replace("\r\n", "\n"), "mine")
            file.write_bytes((text.replace("\n", "\r\n") if b"\r\n" in data else text).encode())

    def convert(self) -> None:
        """An editor writes other line ends, and leaves out the last."""
        if file := self._some():
            text = file.read_bytes().decode().replace("\r\n", "\n").removesuffix("\n")
            file.write_bytes(self.chance.choice((text, text.replace("\n", "\r\n") + "\r\n")).encode())

    def solve(self) -> None:
        """A person takes the markers out and keeps everything that is theirs."""
        for path in PATHS:
            file = self.root / path
            if file.exists() and "<<<<<<<" in file.read_text():
                kept = [
                    line
                    for line in file.read_text().split("\n")
                    if not line.startswith(("<<<<<<<", "|||||||", "=======", ">>>>>>>"))
                ]
                file.write_text("\n".join(kept))

    def remove(self) -> None:
        """A person deletes a file."""
        if file := self._some():
            file.unlink()

    def configure(self) -> None:
        """The configuration changes: other texts, or a file more or less."""
        for path in PATHS:
            if path in self.wanted and self.chance.random() < 0.05:
                del self.wanted[path]
            elif self.chance.random() < 0.7:
                old = self.wanted.get(path, File(self._text(path), once=path == "own.txt"))
                self.wanted[path] = File(self._change(old.text, "x"), old.once)

    def lose(self) -> None:
        """The manifest is lost."""
        (self.root / ".overture" / "manifest.json").unlink(missing_ok=True)

    def generate(self) -> None:
        """A generate, which may be killed, and then is run again."""
        before = _lines(self.root)
        if self.chance.random() < 0.5:
            with contextlib.suppress(Killed), Death(self.root, self.chance.randrange(60)):
                _generate(self.root, self.wanted)
            self._kept(before)
        _settles(self.root, self.wanted)
        self._kept(before)

    def _kept(self, before: dict[str, set[str]]) -> None:
        after = _lines(self.root)
        for path, lines in before.items():
            assert not lines or path in after, f"{path} with lines of a person is gone"
            assert lines <= after.get(path, set()), f"lines of a person are gone from {path}"

    def _some(self) -> Path | None:
        there = [self.root / path for path in PATHS if (self.root / path).exists()]
        return self.chance.choice(there) if there else None


HAPPENS = (
    *("edit", "edit", "edit", "edit", "configure", "configure", "configure", "generate", "generate", "generate"),
    *("convert", "solve", "remove", "lose"),
)


@settings(
    max_examples=1500 if SOAK else 200,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=not SOAK,
    database=None,
)
@given(seed=st.integers(0, 2**32), happens=st.lists(st.sampled_from(HAPPENS), min_size=3, max_size=14))
def test_no_line_of_a_person_is_ever_lost_and_it_always_converges(seed: int, happens: list[str]) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        history = History(Path(folder).resolve(), random.Random(seed))
        for what in ["generate", *happens, "generate"]:
            getattr(history, what)()


@pytest.fixture
def quick() -> Iterator[Path]:
    """A folder in memory where there is one."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        yield Path(folder).resolve()


def _scene(root: Path) -> dict[str, File]:
    """A project in which the next generate has to do everything there is."""
    base = "".join(f"line {i}\n" for i in range(12))
    names = ("clash", "create", "delete", "merge", "update")
    generate(root, {f"{name}.txt": File(base) for name in names if name != "create"}, overture_version="1")
    for name in ("clash", "merge"):
        (root / f"{name}.txt").write_text(base.replace("line 2\n", "mine\n"))
    (root / "foreign.txt").write_text("mine too\n")
    new = {"clash.txt": base.replace("line 2\n", "new\n"), "foreign.txt": "new\n", "sub/create.txt": base}
    return {
        path: File(text)
        for path, text in {**new, **dict.fromkeys(("merge.txt", "update.txt"), base + "more\n")}.items()
    }


def _texts(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*.txt")
        if ".overture" not in path.parts
    }


def test_a_kill_before_any_operation_leaves_each_file_old_or_new_and_the_next_run_ends_the_same(quick: Path) -> None:
    wanted = _scene(_new(quick / "scene"))
    old = _texts(quick / "scene")
    shutil.copytree(quick / "scene", quick / "whole")
    _settles(quick / "whole", wanted)
    new = _texts(quick / "whole")

    for after in itertools.count():
        root = quick / str(after)
        shutil.copytree(quick / "scene", root)
        with contextlib.suppress(Killed), Death(root, after) as death:
            _generate(root, wanted)
        for path, data in _texts(root).items():
            assert data in (old.get(path), new.get(path))
        assert old.keys() - {"delete.txt"} <= _texts(root).keys()
        _settles(root, wanted)
        assert _texts(root) == new
        if not death.dead:
            break
    assert after > 50


def test_a_kill_and_then_another_configuration_makes_no_conflicts_that_nobody_made(quick: Path) -> None:
    base = "".join(f"line {i}\n" for i in range(12))
    mine = base.replace("line 2\n", "mine\n")
    for after in itertools.count():
        root = _new(quick / str(after))
        _generate(root, {"a.txt": File(base), "b.txt": File(base)})
        (root / "a.txt").write_text(mine)
        newer = base.replace("line 9\n", "newer\n")
        with contextlib.suppress(Killed), Death(root, after) as death:
            _generate(root, {"a.txt": File(newer), "b.txt": File(newer)})
        newest = base.replace("line 9\n", "newest\n")
        _settles(root, {"a.txt": File(newest), "b.txt": File(newest)})
        assert (root / "a.txt").read_text() == newest.replace("line 2\n", "mine\n")
        assert (root / "b.txt").read_text() == newest
        if not death.dead:
            break


def test_a_kill_during_the_very_first_generate_is_no_obstacle(quick: Path) -> None:
    wanted = {"a.txt": File("a\n"), "there.txt": File("new\n"), "own.txt": File("own\n", once=True)}
    for after in itertools.count():
        root = _new(quick / str(after))
        (root / "there.txt").write_text("mine\n")
        with contextlib.suppress(Killed), Death(root, after) as death:
            _generate(root, wanted)
        _settles(root, wanted)
        assert _texts(root).keys() == {"a.txt", "there.txt", "own.txt"}
        assert {"mine", "new"} <= set((root / "there.txt").read_text().split("\n"))
        if not death.dead:
            break
    assert after > 20


def _new(root: Path) -> Path:
    root.mkdir()
    return root.resolve()


LOOP = """
import sys
from pathlib import Path
from overture.generator.apply import generate
from overture.generator.file import File
base = "".join(f"line {i}\\n" for i in range(40))
print("ready", flush=True)
for n in range(100000):
    new = base.replace("line 30\\n", f"new {n}\\n")
    generate(Path(sys.argv[1]), {f"{i}.txt": File(new) for i in range(6)}, overture_version="1")
"""


@pytest.fixture
def endless(tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Starts processes that generate without end."""
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        process = subprocess.Popen([sys.executable, "-c", LOOP, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def test_a_process_that_is_really_killed_loses_nothing(
    tmp_path: Path, endless: Callable[[], subprocess.Popen[str]]
) -> None:
    base = "".join(f"line {i}\n" for i in range(40))
    wanted = {f"{i}.txt": File(base) for i in range(6)}
    generate(tmp_path, wanted, overture_version="1")
    for i in range(3):
        (tmp_path / f"{i}.txt").write_text(base.replace("line 3\n", f"mine {i}\n"))

    chance = random.Random(0)
    for _ in range(40 if SOAK else 4):
        process = endless()
        time.sleep(chance.uniform(0.02, 0.25))
        process.kill()
        process.wait()
        for i in range(6):
            lines = (tmp_path / f"{i}.txt").read_text().split("\n")
            assert len(lines) == 41
            assert lines[3] == (f"mine {i}" if i < 3 else "line 3")
    _settles(tmp_path, wanted)
    assert [(tmp_path / f"{i}.txt").read_text() for i in range(6)] == [
        base.replace("line 3\n", f"mine {i}\n") if i < 3 else base for i in range(6)
    ]


def test_two_generates_at_once_wait_for_each_other(
    tmp_path: Path, endless: Callable[[], subprocess.Popen[str]]
) -> None:
    other = endless()
    wanted = {f"{i}.txt": File("here\n") for i in range(6)}
    for _ in range(5):
        generate(tmp_path, wanted, overture_version="1")
        with contextlib.suppress(Mistake):  # it may look between two steps of the other
            survey(tmp_path, wanted)
        for name in wanted:
            text = (tmp_path / name).read_text()
            assert text == "here\n" or (len(text.splitlines()) == 40 and text.splitlines()[30].startswith("new "))
    other.kill()
    other.wait()
    _settles(tmp_path, wanted)
    assert {(tmp_path / name).read_text() for name in wanted} == {"here\n"}
