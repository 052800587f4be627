"""A project from a table to an answer: in processes of its own where that matters, in this one where it does not."""

import json
import os
import runpy
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from ..in_process import served as serve

TELCO = Path(__file__).resolve().parents[1] / "data" / "telco.csv"
BIN = Path(sys.executable).parent
QUICK = ("model.params.iterations=20", "model.params.learning_rate=0.3", "evaluation.replicates=20")


class Terminal:
    """Runs commands in a folder, each in a process of its own, and says what they said."""

    def __init__(self, folder):
        self.folder = folder

    def __call__(self, *words, code=0):
        """What a command printed, which ends with the given exit code and never with a traceback."""
        done = subprocess.run(
            self.command(*words), cwd=self.folder, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )
        said = done.stdout + done.stderr
        assert done.returncode == code, said
        assert "Traceback" not in said, said
        return said

    def runs(self):
        return json.loads(self("overture", "runs", "--json"))

    @staticmethod
    def command(*words):
        """The words as they start a process: overture and python are those of this environment."""
        first = {"overture": [sys.executable, "-m", "overture.generator"], "python": [sys.executable]}
        return [*first.get(words[0], [str(BIN / words[0])]), *words[1:]]

    @staticmethod
    def wait_until(condition, seconds=30):
        """The first true answer of a condition, asked again and again."""
        end = time.monotonic() + seconds
        while not (found := condition()):
            assert time.monotonic() < end, "waited too long"
            time.sleep(0.05)
        return found


class Here:
    """Runs commands in this process, standing in a folder: what they do, without the start of Python."""

    def __init__(self, folder, capfd):
        self.folder, self.capfd = folder, capfd

    def __call__(self, *words):
        """(exit code, what was printed) of a command."""
        from overture.generator.cli import run

        with self._standing(words):
            self.capfd.readouterr()
            code = _script() if words[0] == "train.py" else run(words)
        found = self.capfd.readouterr()
        said = found.out + found.err
        assert "Traceback" not in said, said
        assert "should not have happened" not in said, said
        return code, said

    @contextmanager
    def _standing(self, words):
        before, argv, paths = Path.cwd(), sys.argv, sys.path[:]
        os.chdir(self.folder)
        sys.argv = list(words)
        sys.path.insert(0, str(self.folder))
        for name in ("hooks", "service"):
            sys.modules.pop(name, None)
        try:
            yield
        finally:
            os.chdir(before)
            sys.argv, sys.path[:] = argv, paths


def _script():
    try:
        runpy.run_path("train.py", run_name="__main__")
    except SystemExit as end:
        return end.code
    raise AssertionError("train.py ended without an exit code")


@pytest.fixture(scope="session")
def terminals():
    return Terminal


@pytest.fixture(scope="session")
def telco():
    return TELCO


@pytest.fixture
def here(capfd):
    """Runs a command in this process: (folder, *words) -> (exit code, what was printed)."""
    return lambda folder, *words: Here(folder, capfd)(*words)


@pytest.fixture
def journey(tmp_path, capfd):
    """From a file to answered requests, or the sentence that says why not: (last step, what was said last)."""

    def go(file, target, *words):
        before = sorted(tmp_path.iterdir())
        code, said = Here(tmp_path, capfd)("new", "project", "--data", str(file), "--target", target, *words)
        if code:
            assert code == 2, said
            assert sorted(tmp_path.iterdir()) == before, "something was left behind"
            return "new", said
        root = tmp_path / "project"
        here = Here(root, capfd)
        for step in ("check", "generate"):
            code, said = here(step)
            assert code == 0, (step, said)
        code, said = here("train.py", *QUICK)
        if code:
            assert code in (1, 2), said
            assert not list(root.glob("runs/*")), "something was left behind"
            return "train", said
        (run,) = json.loads(here("runs", "--json")[1])
        assert run["status"] == "finished"
        code, said = here("promote", "best")
        if code:
            assert code == 1, said
            assert not (root / ".overture" / "production.json").exists()
            return "promote", said
        return "answered", _answers(root)

    return go


def _answers(root):
    row = json.loads((root / "tests" / "request.json").read_text())
    with serve(root) as client:
        for path in ("/predict", "/explain"):
            answer = client.post(path, json=row)
            assert answer.status_code == 200, answer.text
    (found,) = answer.json()["predictions"]
    return found


@pytest.fixture
def served():
    """Opens a client of a project's service, in this process: with served(folder) as client."""
    return serve
