"""A kill at any moment of a command leaves a project in which the same command then works, and nothing half-written is taken for whole."""

import json
import os
import random
import shutil
import signal
import subprocess
import time
from hashlib import sha256

import pytest

MOMENTS = 50 if os.environ.get("OVERTURE_SOAK") == "1" else 3
TRAIN = ("python", "train.py", "model=logistic", "evaluation.replicates=20")


def people(rows=200):
    """A CSV file in which the old leave."""
    lines = ["id,age,city,left"]
    for i in range(rows):
        age = 18 + i * 37 % 70
        lines.append(f"P-{i:05},{age},{('Oslo', 'Rome', 'Lima')[i % 3]},{'yes' if age > 60 else 'no'}")
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def sound(tmp_path_factory, terminals):
    """A project with two runs, of which the first is in production, in a folder that no test changes."""
    home = tmp_path_factory.mktemp("sound")
    (home / "people.csv").write_text(people())
    terminals(home)("overture", "new", "churn", "--data", "people.csv", "--target", "left")
    project = terminals(home / "churn")
    project(*TRAIN, "-m", "model.params.C=0.1,1")
    project("overture", "promote", project.runs()[0]["id"])
    return home


@pytest.fixture
def home(tmp_path, sound):
    """A copy of it."""
    shutil.copytree(sound, tmp_path / "home", symlinks=True)
    return tmp_path / "home"


def files(folder):
    """Every file that a person may have written, and what is in it."""
    own = ("conf", "hooks.py", "README.md", "pyproject.toml", "train.py", "service.py", "score.py", "tests")
    found = [
        path for name in own for path in ((folder / name).rglob("*") if (folder / name).is_dir() else [folder / name])
    ]
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest() for path in found if path.is_file()
    }


def time_of(terminal, *words):
    """How many seconds a command takes that nothing stops."""
    start = time.monotonic()
    terminal(*words)
    return time.monotonic() - start


def killed(terminal, delay, *words):
    """Start a command and kill it, with all it started, after so many seconds; did it end before?"""
    process = subprocess.Popen(
        terminal.command(*words),
        cwd=terminal.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return process.wait(delay) == 0
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return False


def moments(seconds):
    """Moments within the life of a command, most of them in its second half, where it writes."""
    chance = random.Random(os.environ.get("OVERTURE_SEED", "overture"))
    return sorted(seconds * (chance.random() ** 0.5) * 1.05 for _ in range(MOMENTS))


def test_killing_new_leaves_a_whole_project_or_none(tmp_path, terminals):
    (tmp_path / "people.csv").write_text(people())
    terminal, words = terminals(tmp_path), ("--data", "people.csv", "--target", "left")
    took = time_of(terminal, "overture", "new", "first", *words)
    expected = files(tmp_path / "first").keys()
    for number, delay in enumerate(moments(took)):
        name = f"churn{number}"
        killed(terminal, delay, "overture", "new", name, *words)
        if not (tmp_path / name).exists():
            terminal("overture", "new", name, *words)
        assert files(tmp_path / name).keys() == expected
        assert terminals(tmp_path / name)("overture", "generate", "--check") == "Everything is up to date.\n"


def test_killing_generate_loses_no_line_and_it_works_again(home, terminals):
    root = home / "churn"
    terminal = terminals(root)
    (root / "train.py").write_text((root / "train.py").read_text().replace("import hooks\n", "import hooks  # mine\n"))
    config = root / "conf" / "data" / "people.yaml"
    before, whole = config.read_text(), (root / "service.py").read_text()
    took = time_of(terminal, "overture", "generate")
    for number, delay in enumerate(moments(took)):
        top = 100 + number
        config.write_text(
            before.replace("min:", f"max: {top}, min:") if "max:" not in before else _with_max(before, top)
        )
        killed(terminal, delay, "overture", "generate")
        compile((root / "service.py").read_text(), "service.py", "exec")
        compile((root / "train.py").read_text(), "train.py", "exec")
        assert "import hooks  # mine\n" in (root / "train.py").read_text()
        terminal("overture", "generate")
        assert terminal("overture", "generate", "--check") == "Everything is up to date.\n"
        assert f"le={top}" in (root / "service.py").read_text()
        assert "import hooks  # mine\n" in (root / "train.py").read_text()
        assert not list((root / ".overture").glob("stage-*"))
    config.write_text(before)
    terminal("overture", "generate")
    assert (root / "service.py").read_text() == whole


def _with_max(text, top):
    import re

    return re.sub(r"(age:.*max: )\d+", rf"\g<1>{top}", text)


def test_killing_a_training_leaves_whole_runs_only_and_it_works_again(home, terminals):
    root = home / "churn"
    terminal = terminals(root)
    own = files(root)
    took = time_of(terminal, *TRAIN, "seed=1")
    known = {run["id"] for run in terminal.runs()}
    assert known
    for number, delay in enumerate(moments(took)):
        words = (*TRAIN, f"seed={number + 2}")
        killed(terminal, delay, *words)
        for run in terminal.runs():
            assert run["status"] == "finished"
            _is_whole(root / "runs" / run["id"])
        terminal(*words)
    runs = {run["id"] for run in terminal.runs()}
    assert len(runs - known) == MOMENTS
    assert files(root) == own


def _is_whole(run):
    for name, told in json.loads((run / "manifest.json").read_text())["files"].items():
        assert sha256((run / name).read_bytes()).hexdigest() in json.dumps(told)


def test_killing_a_promotion_leaves_ledger_and_production_in_agreement(home, terminals):
    root = home / "churn"
    terminal = terminals(root)
    first, second = (run["id"] for run in terminal.runs()[:2])
    own = files(root)
    took = time_of(terminal, "overture", "promote", second)
    wanted = first
    for delay in moments(took):
        count = len(json.loads(terminal("overture", "history", "--json")))
        killed(terminal, delay, "overture", "promote", wanted)
        serving = json.loads((root / ".overture" / "production.json").read_text())
        assert serving["run"] in (first, second)
        told = json.loads(terminal("overture", "history", "--json"))
        serving = json.loads((root / ".overture" / "production.json").read_text())
        assert serving["run"] == told[-1]["run"]
        assert [run["id"] for run in terminal.runs() if run["production"]] == [told[-1]["run"]]
        assert len(told) - count in (0, 1)
        terminal("overture", "promote", wanted)
        told = json.loads(terminal("overture", "history", "--json"))
        assert (told[-1]["run"], len(told)) == (wanted, count + 1)
        wanted = second if wanted == first else first
    assert files(root) == own
