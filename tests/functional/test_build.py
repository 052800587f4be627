"""`overture build`: a Bento that serves where nothing of the project is, and is what was promoted."""

import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import zipfile
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from ..conftest import people

PINNED = re.compile(r"^[a-z0-9-]+==[^ ]+ \\$")


@pytest.fixture(scope="module")
def project(tmp_path_factory, terminals):
    """A project with a model in production."""
    home = tmp_path_factory.mktemp("build")
    (home / "people.csv").write_text(people(400))
    terminals(home)("overture", "new", "churn", "--data", "people.csv", "--target", "left", "--key", "id")
    terminal = terminals(home / "churn")
    terminal("python", "train.py", "model=logistic", "evaluation.replicates=20")
    terminal("overture", "promote", "best")
    (terminal.folder / ".env").write_text("PASSWORD=hunter2")
    return terminal


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def built(project, store):
    return build(project, store)


@pytest.fixture(scope="module")
def bento(built):
    return Path(built["path"])


def build(project, store):
    done = subprocess.run(
        project.command("overture", "build", "--json"),
        cwd=project.folder,
        env={**os.environ, "BENTOML_HOME": str(store)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@contextmanager
def elsewhere(project, store, tmp_path):
    """The store on a machine that has no project: another folder, another home."""
    shutil.copytree(store, tmp_path / "store")
    hidden = project.folder.with_name("hidden")
    project.folder.rename(hidden)
    try:
        yield {
            **os.environ,
            "BENTOML_HOME": str(tmp_path / "store"),
            "HOME": str(tmp_path),
            "BENTOML_DO_NOT_TRACK": "1",
        }
    finally:
        hidden.rename(project.folder)


def test_the_bento_serves_without_the_project(project, store, built, tmp_path):
    row = json.loads((project.folder / "tests" / "request.json").read_text())
    run = json.loads((project.folder / ".overture" / "production.json").read_text())["run"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with elsewhere(project, store, tmp_path) as environment:
        words = project.command("bentoml", "serve", built["tag"], "--host", "127.0.0.1", "--port", str(port))
        with (tmp_path / "log").open("w") as log:
            server = subprocess.Popen(
                words, cwd=tmp_path, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
                project.wait_until(lambda: _ready(client, server, tmp_path / "log"), seconds=120)
                assert client.get("/model").json()["version"] == run
                answer = client.post("/predict", json=row)
                assert answer.status_code == 200, answer.text
                assert answer.json()["model"] == f"churn:{run}"
        finally:
            server.send_signal(signal.SIGINT)
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait()


def _ready(client, server, log):
    assert server.poll() is None, log.read_text()
    try:
        return client.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def test_a_bento_that_was_changed_does_not_start(project, store, built, tmp_path):
    with elsewhere(project, store, tmp_path) as environment:
        (model,) = (tmp_path / "store").rglob("model/*.skops")
        model.write_bytes(model.read_bytes() + b" ")
        words = project.command("bentoml", "serve", built["tag"], "--host", "127.0.0.1", "--port", "0")
        done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)

    assert done.returncode != 0
    assert "was changed after the run was recorded" in done.stdout + done.stderr


def test_building_the_same_again_gives_the_bento_that_is_there(project, store, built):
    again = build(project, store)

    assert again == {**built, "new": False}


def test_the_lock_pins_every_package_by_hash_and_names_no_index(bento):
    lines = (bento / "env" / "python" / "requirements.txt").read_text().splitlines()

    assert lines[0] == "--require-hashes"
    assert not [line for line in lines if "://" in line or "index" in line]
    assert all(line.startswith("    --hash=sha256:") or PINNED.match(line) for line in lines[2:])
    names = {line.split("==")[0] for line in lines if "==" in line}
    assert {"bentoml", "catboost", "polars", "scikit-learn", "msgspec"} <= names
    assert not names & {"pytest", "ray", "mypy"}


def test_the_wheel_is_whole_and_is_the_one_that_is_pinned(bento):
    (wheel,) = (bento / "src" / "wheels").glob("*.whl")
    line = (bento / "env" / "python" / "requirements.txt").read_text().splitlines()[1]

    assert line == f"./wheels/{wheel.name} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}"
    with zipfile.ZipFile(wheel) as archive:
        assert archive.testzip() is None
        assert {"overture/runtime/serving/predictor.py", "overture/conf/base.yaml"} <= set(archive.namelist())


def test_nothing_secret_and_nothing_needless_goes_along(bento):
    inside = {path.relative_to(bento / "src").as_posix() for path in (bento / "src").rglob("*") if path.is_file()}

    assert {"service.py", "hooks.py", ".overture/production.json", "conf/config.yaml"} <= inside
    assert not [path for path in inside if ".env" in path or path.startswith((".overture/base", "tests/"))]
    assert not [path for path in bento.rglob("*") if path.is_file() and b"hunter2" in path.read_bytes()]


def test_the_dockerfile_is_one_that_a_careful_person_would_write(bento):
    text = (bento / "env" / "docker" / "Dockerfile").read_text()
    steps = [line for line in text.splitlines() if line and not line.startswith(("#", " "))]
    at = {word: next(i for i, step in enumerate(steps) if word in step) for word in ("./env/python", "./src/wheels")}
    install = next(i for i, step in enumerate(steps) if step.startswith("RUN if [ -d ./src ]"))

    assert re.match(r"FROM python:\d+\.\d+\.\d+-slim", steps[0])
    assert max(at.values()) < install
    assert steps[-2:] == ["USER bentoml", steps[-1]]
    assert steps[-1].startswith("ENTRYPOINT")
    assert not re.search(r"(?i)password|secret|token|index-url|\bcurl\b|\badd\b http|:latest", text)


def test_nothing_is_built_where_nothing_is_in_production(terminals, tmp_path):
    (tmp_path / "people.csv").write_text(people())
    terminals(tmp_path)("overture", "new", "churn", "--data", "people.csv", "--target", "left", "--key", "id")

    said = terminals(tmp_path / "churn")("overture", "build", code=2)

    assert "no run is promoted yet" in said


def test_a_bento_carries_the_challenger_too(project, tmp_path):
    terminal = project
    terminal("python", "train.py", "model=logistic", "model.params.C=0.01", "evaluation.replicates=20")
    (other,) = (run["id"] for run in terminal.runs() if not run["production"])
    terminal("overture", "promote", other, "--challenger")
    try:
        bento = Path(build(terminal, tmp_path / "store")["path"])
        assert sorted(it.name for it in (bento / "src" / "runs").iterdir()) == sorted(
            run["id"] for run in terminal.runs()
        )
    finally:
        terminal("overture", "rollback", "--challenger")
        shutil.rmtree(terminal.folder / "runs" / other)
