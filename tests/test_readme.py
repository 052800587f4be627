"""Every command block of the README runs, one after the other, as a reader would type it."""

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
STEADY = (
    "check     21 columns keep",
    "No problems.",
    "Task: binary",
    "Wrote churn/",
    "gate  better than",
    "Everything is up to date.",
)


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def commands() -> Iterator[tuple[str, list[str]]]:
    """Each command with the output that the README shows for it."""
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *shown = part.rstrip("\n").split("\n")
            yield command, shown


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_every_command_of_the_readme_runs(tmp_path: Path, port: int) -> None:
    shutil.copy(ROOT / "tests" / "data" / "telco.csv", tmp_path)
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "BENTOML_DO_NOT_TRACK": "1",
    }
    folder, servers = tmp_path, []
    try:
        for command, shown in commands():
            command = command.replace("3000", str(port))
            if command.startswith("cd "):
                folder = folder / command.removeprefix("cd ")
            elif command.endswith(" &"):
                servers.append(serve(command.removesuffix(" &"), folder, environment, port))
            else:
                done = subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True)
                said = done.stdout + done.stderr
                wanted = 2 if any("problems. Nothing was changed." in line for line in shown) else 0
                assert done.returncode == wanted, f"{command}\n{said}"
                for line in shown:
                    if line.startswith(STEADY) or "Did you mean" in line:
                        assert line.split("  ")[0].rstrip() in said, f"{command}\n{said}"
    finally:
        for server in servers:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(30)


def serve(command: str, folder: Path, environment: dict[str, str], port: int) -> subprocess.Popen[bytes]:
    """Start a server and wait until it is ready."""
    server = subprocess.Popen(
        shlex.split(command),
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    for _ in range(600):
        assert server.poll() is None, "the server ended"
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
                return server
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server was not ready within a minute")


def test_the_commands_of_the_first_block_are_tasks_of_the_makefile() -> None:
    tasks = re.findall(r"^make (\w+)", blocks("sh")[0], re.MULTILINE)

    assert tasks == ["demo", "test"]
    assert all(re.search(rf"^{task}:", (ROOT / "Makefile").read_text(), re.MULTILINE) for task in tasks)


@pytest.mark.parametrize("block", blocks("yaml"))
def test_the_yaml_of_the_readme_is_yaml(block: str) -> None:
    assert isinstance(yaml.safe_load(block), dict)


def test_every_command_is_in_the_readme() -> None:
    from overture.generator.cli import COMMANDS

    table = README[README.index("## Commands") :]

    assert [name for name in COMMANDS if f"overture {name}" not in table and f"`{name}`" not in table] == []
