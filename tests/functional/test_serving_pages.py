"""Every example of docs/batch.md, docs/deploying.md and docs/client.md does what the page says."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import polars as pl
import pytest
import yaml
from starlette.testclient import TestClient

from overture.runtime.config.load import load

from ..in_process import forget_metrics, forget_modules
from .conftest import QUICK

DOCS = Path(__file__).resolve().parents[2] / "docs"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # BentoML's own


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def project(tmp_path_factory, terminals, telco):
    home = tmp_path_factory.mktemp("pages")
    shutil.copy(telco, home / "telco.csv")
    week = pl.read_csv(home / "telco.csv", infer_schema=False).head(5).drop("Churn").to_dicts()
    week[1]["tenure"], week[3]["Contract"] = "-3", "Weekly"
    pl.DataFrame(week).write_csv(home / "week.csv")
    terminals(home)("overture", "new", "churn", "--data", "telco.csv", "--target", "Churn")
    terminal = terminals(home / "churn")
    terminal("python", "train.py", *QUICK)
    terminal("overture", "promote", "best")
    return terminal


def steady(line):
    """A line without what differs from run to run: ids, seconds, numbers of packages."""
    return re.sub(r"[0-9a-f]{12}(-[0-9a-f]{8})?|\s+\d+\.\d s$|\d+ packages", "…", line)


@pytest.mark.parametrize("page", ["batch.md", "deploying.md"])
def test_every_command_says_what_the_page_shows(project, page, tmp_path):
    for block in blocks(page, "console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *shown = part.rstrip("\n").split("\n")
            done = subprocess.run(
                project.command(*shlex.split(command)),
                cwd=project.folder,
                env={**os.environ, "BENTOML_HOME": str(tmp_path)},
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, done.stderr
            assert [steady(line) for line in done.stdout.splitlines()] == [steady(line) for line in shown]


def test_every_configuration_of_the_pages_has_no_problems(project, tmp_path):
    root = tmp_path / "churn"
    shutil.copytree(project.folder / "conf", root / "conf")
    config = root / "conf" / "config.yaml"
    plain = config.read_text()
    for block in [*blocks("batch.md", "yaml"), *blocks("deploying.md", "yaml")]:
        config.write_text(block if block.startswith("defaults") else plain + block)
        serving = load(root).spec.serving.model_dump()
        for target, options in yaml.safe_load(block)["serving"].items():
            assert serving[target].items() >= options.items()


def test_the_client_of_the_page_is_answered(project, monkeypatch, capsys):
    (code,) = blocks("client.md", "python")
    monkeypatch.chdir(project.folder)
    monkeypatch.syspath_prepend(project.folder)
    forget_modules()
    forget_metrics()
    import client
    import service

    def sync(**options):
        """httpx without a network: an ordinary request, answered by the application in this process."""

        def answer(request):
            found = server.request(request.method, request.url.path, content=request.content, headers=request.headers)
            return httpx.Response(
                found.status_code, content=found.content, headers={"content-type": "application/json"}
            )

        return plain(**{**options, "transport": httpx.MockTransport(answer)})

    plain = client.httpx.Client
    with TestClient(service.Churn.to_asgi()) as server:
        monkeypatch.setattr(client.httpx, "Client", sync)
        exec(compile(code, "client.md", "exec"), {})
    said = capsys.readouterr().out  # and what BentoML logs
    for line in (r"churn:[0-9a-f]{12} (Yes|No) 0\.\d+", r"-?\d+\.\d+(e-\d+)?", r"400 .*rows.*"):
        assert re.search(rf"^{line}$", said, re.MULTILINE), said
    sys.modules.pop("client")
    forget_modules()
    forget_metrics()
