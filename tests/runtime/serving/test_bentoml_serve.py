"""Real servers, started as a person starts them."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from .conftest import write_project

BENTOML = Path(sys.executable).parent / "bentoml"
BEAN = {"Area (px²)": 3, "shop": "a", "colour": None, "picked": "2024-02-29", "seen": "2024-06-30T12:00:00Z"}


def environment(plugin, **more):
    return {**os.environ, "PYTHONPATH": str(plugin), "BENTOML_DO_NOT_TRACK": "true", **more}


@contextmanager
def serving(root, plugin):
    """A running server of a project: its client, and its process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(BENTOML), "serve", "--host", "127.0.0.1", "--port", str(port)]
    log = (root / "server.log").open("w")
    process = subprocess.Popen(
        command, cwd=root, env=environment(plugin), stdout=log, stderr=log, start_new_session=True
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            _wait(client, process, root)
            yield client, process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        log.close()


def _wait(client, process, root):
    for _ in range(300):
        try:
            if client.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            assert process.poll() is None, (root / "server.log").read_text()
        time.sleep(0.1)
    raise AssertionError((root / "server.log").read_text())


def test_a_server_with_two_workers_answers_refuses_and_stops(make_project, plugin):
    root = make_project("multiclass")
    with serving(root, plugin) as (client, process):
        good, bad = {"rows": [{**BEAN, "notes": None}]}, {"rows": [BEAN]}
        answers = {client.post("/predict", json=good).text for _ in range(10)}
        assert len(answers) == 1
        assert client.post("/explain", json=good).status_code == 200
        response = client.post("/predict", json=bad)
        assert response.status_code == 400
        assert response.json()["detail"][0]["loc"] == ["rows", 0, "notes"]
        assert client.get("/model").json()["version"] == "2f9c41d07be3"
        assert client.get("/docs.json").json()["info"]["title"] == "beans"
        assert client.get("/").status_code == 200
        chunks = (b" " * 60_000 for _ in range(2))
        assert client.post("/predict", content=chunks).status_code == 413
        assert "/predict" in client.get("/metrics").text
    assert "Traceback" not in (root / "server.log").read_text()
    assert process.returncode == 0


def test_servers_side_by_side_count_each_for_itself(make_project, plugin, tmp_path, monkeypatch):
    monkeypatch.setenv("BENTOML_HOME", str(tmp_path / "home"))
    counts = tmp_path / "home" / "overture" / "metrics"
    here, elsewhere = f"{socket.gethostname()}-", "elsewhere-999999999"
    for left in (f"{here}999999999", elsewhere):
        (counts / left).mkdir(parents=True)
    good = {"rows": [{**BEAN, "notes": None}]}

    def answered(client):
        told = re.findall(
            r'^bentoml_service_request_total{.*endpoint="/predict".* (\S+)$', client.get("/metrics").text, re.M
        )
        return sum(map(float, told))

    with serving(make_project("multiclass"), plugin) as (client, process):
        for _ in range(3):
            assert client.post("/predict", json=good).status_code == 200
        with serving(write_project(tmp_path / "other", "multiclass"), plugin) as (other, second):
            assert other.post("/predict", json=good).status_code == 200
            assert client.post("/predict", json=good).status_code == 200
            assert [answered(client), answered(other)] == [4, 1]
            assert {path.name for path in counts.iterdir()} == {
                f"{here}{process.pid}",
                f"{here}{second.pid}",
                elsewhere,
            }


def fails(root, plugin):
    """What `bentoml serve` says, which must end by itself with an error."""
    found = subprocess.run(
        [str(BENTOML), "serve", "--host", "127.0.0.1", "--port", "1"],
        cwd=root,
        env=environment(plugin),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert found.returncode != 0
    assert "Traceback" not in found.stderr + found.stdout
    return found.stderr


def test_without_a_promoted_run_the_server_says_so_and_ends(make_project, plugin):
    said = fails(make_project("binary", promoted=False), plugin)
    assert "\nno run is promoted yet. Run: overture promote best\n" in f"\n{said}"


def test_a_run_that_was_changed_is_not_served(make_project, plugin):
    root = make_project("binary")
    (root / "runs" / "2f9c41d07be3" / "model" / "weights.json").write_text("{} ")
    assert "model/weights.json was changed" in fails(root, plugin)


def test_a_mistake_in_hooks_ends_the_server_before_it_starts(make_project, plugin):
    root = make_project("binary")
    (root / "hooks.py").write_text("def feature(rows):\n    return rows\n")
    assert 'Did you mean "features"?' in fails(root, plugin)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = = 1\n", "hooks.py:1   cannot be imported: SyntaxError: invalid syntax\n"),
        ("\nimport nothere\n", "hooks.py:2   cannot be imported: ModuleNotFoundError: No module named 'nothere'\n"),
    ],
)
def test_hooks_that_cannot_be_imported_are_told_by_file_and_line(text, said, make_project, plugin):
    root = make_project("binary")
    service = (root / "service.py").read_text().replace("import hooks\n", "")
    (root / "service.py").write_text(
        service.replace("\n\n\nclass", "\n\nimport hooks\n\n\nclass", 1)
    )  # as it is generated
    (root / "hooks.py").write_text(text)
    assert fails(root, plugin).endswith(said)


def test_a_service_made_from_another_contract_is_refused(make_project, plugin):
    root = make_project("binary")
    service = root / "service.py"
    service.write_text(service.read_text().replace("    paperless: bool\n", "    paper_less: bool | None\n"))
    said = fails(root, plugin)
    assert "the model reads paperless, which service.py lacks." in said
    assert "the model does not know paper_less, which service.py asks for." in said
    assert "overture generate" in said


def test_the_serving_process_loads_no_hydra_no_plotting_and_no_templates(make_project, plugin):
    root = make_project("regression")
    script = (
        "import sys, json, service, hooks\n"
        "from overture.runtime.serving import Predictor\n"
        "predictor = Predictor.in_production('prices', service.House, hooks)\n"
        "service.Service.to_asgi()\n"
        "print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", script], cwd=root, env=environment(plugin), capture_output=True, text=True, check=True
    )
    loaded = set(json.loads(found.stdout.splitlines()[-1]))
    assert not loaded & {"hydra", "omegaconf", "matplotlib", "cookiecutter", "sklearn", "catboost", "pandas"}
