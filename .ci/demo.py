"""The main job on real data: from a CSV file to a governed prediction over HTTP, each command shown as it is typed."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
HOME = HERE / "demo"
BIN = Path(sys.executable).parent
PORT = int(os.environ.get("PORT", "3000"))
ENVIRONMENT = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "BENTOML_DO_NOT_TRACK": "1"}


def main() -> None:
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", PORT)) == 0:
            stop(f"Port {PORT} is taken. Stop what listens there, or choose another: make demo PORT=3001")
    if shutil.disk_usage(HERE).free < 200_000_000:
        stop("About 200 MB of disk are needed for the demo, and less is free.")
    if (HOME / "churn").exists():
        print("demo      taking away demo/churn of the last time")
        shutil.rmtree(HOME / "churn")
    HOME.mkdir(exist_ok=True)
    shutil.copy(HERE / "tests" / "data" / "telco.csv", HOME / "telco.csv")
    run("overture new churn --data telco.csv --target Churn", HOME)
    project = HOME / "churn"
    for command in (
        "overture check",
        "overture generate",
        "python train.py",
        "python train.py model=logistic",
        "overture runs",
        'overture promote best --why "the first model"',
    ):
        run(command, project)
    serve(project)
    print(
        "\nThe project stays in demo/churn. Try next:\n"
        "  cd demo/churn\n"
        "  $EDITOR conf/data/telco.yaml      the contract of the data\n"
        "  python train.py -m model=catboost,hist_gradient_boosting,logistic\n"
        f"  bentoml serve --port {PORT}\n"
    )


def run(command: str, folder: Path) -> None:
    print(f"\n$ {command}", flush=True)
    finished = subprocess.run(command, shell=True, cwd=folder, env=ENVIRONMENT)
    if finished.returncode:
        stop(f'"{command}" ended with exit code {finished.returncode}.')


def serve(project: Path) -> None:
    command = f"bentoml serve --host 127.0.0.1 --port {PORT}"
    print(f"\n$ {command} &", flush=True)
    with (HOME / "server.log").open("w") as log:
        server = subprocess.Popen(command.split(), cwd=project, env=ENVIRONMENT, stdout=log, stderr=subprocess.STDOUT)
        try:
            wait(server, HOME / "server.log")
            row = json.loads((project / "tests" / "request.json").read_text())["rows"][0]
            ask(row)
            ask({**row, "tenure": -3, "Contract": "Weekly"})
        finally:
            server.terminate()
            server.wait(timeout=30)
    print("\nThe server has stopped.")


def wait(server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        if server.poll() is not None:
            stop(f"The server did not start:\n{log.read_text()[-2000:]}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/readyz", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    stop(f"The server was not ready within a minute; see {log}.")


def ask(row: dict[str, object]) -> None:
    body = json.dumps({"rows": [row]})
    print(f"\n$ curl -s localhost:{PORT}/predict -H 'content-type: application/json' -d '{body}'", flush=True)
    request = urllib.request.Request(
        f"http://127.0.0.1:{PORT}/predict", data=body.encode(), headers={"content-type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            print(json.dumps(json.load(answer), indent=2))
    except urllib.error.HTTPError as error:
        print(json.dumps(json.load(error), indent=2))


def stop(sentence: str) -> None:
    print(sentence, file=sys.stderr)
    raise SystemExit(2)


if __name__ == "__main__":
    main()
