"""The main job on real data, as a person does it: every command a process, every request over HTTP."""

import asyncio
import csv
import importlib.util
import json
import math
import os
import signal
import socket
import statistics
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

ITERATIONS = "model.params.iterations=60"
RUN_KEYS = {"id", "created", "model", "status", "production", "metrics"}


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("the journey")


@pytest.fixture(scope="session")
def made(home, terminals, telco):
    """What `overture new` said, in a folder that holds the project from then on."""
    return terminals(home)("overture", "new", "churn", "--data", str(telco), "--target", "Churn")


@pytest.fixture(scope="session")
def project(home, made, terminals):
    return terminals(home / "churn")


@pytest.fixture(scope="session")
def trained(project):
    """What training said, which left one run."""
    return project("python", "train.py", ITERATIONS)


@pytest.fixture(scope="session")
def swept(project, trained):
    """What a sweep said, which left two more runs."""
    return project("python", "train.py", "-m", "model=logistic", "model.params.C=0.01,1")


@pytest.fixture(scope="session")
def promoted(project, swept):
    """What a promotion said."""
    return project("overture", "promote", "best", "--why", "the first")


@pytest.fixture(scope="session")
def server(project, promoted):
    """A client of `bentoml serve`."""
    with serving(project) as client:
        yield client


@pytest.fixture
def row(project):
    return json.loads((project.folder / "tests" / "request.json").read_text())["rows"][0]


@contextmanager
def serving(project):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = project.folder.parent / "server.log"
    with log.open("w") as file:
        process = subprocess.Popen(
            project.command("bentoml", "serve", "--host", "127.0.0.1", "--port", str(port)),
            cwd=project.folder,
            env={**os.environ, "BENTOML_DO_NOT_TRACK": "true"},
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            project.wait_until(lambda: _ready(client, process, log), seconds=120)
            yield client
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    assert "Traceback" not in log.read_text()


def _ready(client, process, log):
    assert process.poll() is None, log.read_text()
    try:
        return client.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def test_new_says_what_it_read_and_what_deserves_an_eye(made, project):
    assert made.startswith('Read telco.csv: 7,043 rows, 21 columns, 1.0 MB.\nTask: binary. Churn is "Yes" in 26.5 %')
    data = (project.folder / "conf" / "data" / "telco.yaml").read_text().splitlines()
    for column, words in (("customerID", "taken as the key"), ("TotalCharges", "11 rows hold a blank: nullable")):
        said = next(line for line in made.splitlines() if line.split()[:1] == [column])
        assert words in said
        number = int(said.rsplit("line ", 1)[1])
        assert data[number - 1].strip().startswith(f"{column}:")
    assert made.endswith("Next:  cd churn && python train.py\n")


def test_a_new_project_has_no_problems_and_nothing_to_generate(project):
    assert project("overture", "check").endswith("No problems.\n")
    assert project("overture", "generate") == "Everything is up to date.\n"
    assert project("overture", "generate", "--check") == "Everything is up to date.\n"


def test_commands_work_in_any_folder_of_the_project(project, terminals):
    assert (
        terminals(project.folder / "conf" / "data")("overture", "generate", "--check") == "Everything is up to date.\n"
    )


def test_training_says_each_step_and_what_it_left(trained, project):
    steps = [line.split()[0] for line in trained.splitlines() if not line.startswith(" ")]
    assert steps == ["load", "check", "split", "fit", "refit", "evaluate", "explain", "record"]
    (run,) = (line.split()[1] for line in trained.splitlines() if line.startswith("record"))
    left = {path.name for path in (project.folder / run).iterdir()}
    assert left == {
        *("run.json", "config.yaml", "schema.json", "model", "predictions.parquet"),
        *("report.html", "card.md", "manifest.json", "packages.txt", "explanations.json"),
    }


def test_the_same_training_again_returns_the_run_that_is_there(project, trained):
    before = project.runs()
    again = project("overture", "train", ITERATIONS)
    assert "nothing has changed since this run, so it is kept" in again
    assert project.runs() == before


def test_a_sweep_leaves_a_run_for_each_model_best_first(project, swept):
    runs = project.runs()
    assert {run["model"] for run in runs} == {"catboost", "logistic"}
    assert all(run.keys() >= RUN_KEYS for run in runs)
    assert {run["status"] for run in runs} == {"finished"}
    losses = [run["metrics"]["log_loss"]["value"] for run in runs]
    assert losses == sorted(losses)
    for run in runs:
        for name in ("log_loss", "roc_auc"):
            metric = run["metrics"][name]
            assert metric["low"] < metric["value"] < metric["high"]
        assert run["metrics"]["roc_auc"]["value"] > 0.8
    table = project("overture", "runs").splitlines()
    assert [line.split()[0] for line in table[1:4]] == [run["id"] for run in runs]


def test_a_metric_is_what_anyone_computes_from_the_predictions(project, swept):
    polars = pytest.importorskip("polars")
    run = project.runs()[0]
    rows = polars.read_parquet(project.folder / "runs" / run["id"] / "predictions.parquet")
    losses = [
        -math.log(yes if target == "Yes" else no)
        for target, no, yes in rows.select("target", "probability: No", "probability: Yes").iter_rows()
    ]
    assert math.isclose(statistics.fmean(losses), run["metrics"]["log_loss"]["value"], rel_tol=1e-9)


def test_promotion_passes_its_gate_and_is_told_by_the_history(project, promoted):
    best = project.runs()[0]
    assert best["production"] is True
    assert "gate  better than the baseline" in promoted
    assert f"churn:{best['id']} in production.  Serve it:  bentoml serve" in promoted
    assert best["id"] in project("overture", "history")
    assert "already" in project("overture", "promote", best["id"])


def test_a_good_request_is_answered(server, row, project):
    answer = server.post("/predict", json={"rows": [{**row, "customerID": "7590-VHVEG"}, row]})

    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["model"] == f"churn:{project.runs()[0]['id']}"
    first, second = body["predictions"]
    assert first["id"] == "7590-VHVEG"
    assert "id" not in second
    assert list(first["probabilities"]) == ["No", "Yes"]
    assert math.isclose(sum(first["probabilities"].values()), 1)
    assert first["prediction"] == max(first["probabilities"], key=first["probabilities"].get)
    assert first["probabilities"] == second["probabilities"]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"tenure": -3}, "0"),
        ({"tenure": "12"}, "whole number"),
        ({"tenure": None}, ""),
        ({"Contract": "Weekly"}, "Month-to-month"),
        ({"Contract": "two year"}, "Two year"),
        ({"MonthlyCharges": 1e9}, "200"),
        ({"MonthlyCharges": [1]}, "number"),
    ],
)
def test_a_bad_value_is_refused_by_its_name(server, row, change, word):
    answer = server.post("/predict", json={"rows": [row, {**row, **change}]})

    assert answer.status_code == 400
    (problem,) = answer.json()["detail"]
    assert problem["loc"] == ["rows", 1, *change]
    assert word in problem["msg"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"rows": []}', b'{"rows": 3}', b'{"row": []}', b"\xff\xfe", b"null"]
)
def test_a_body_that_is_no_request_is_refused(server, body):
    answer = server.post("/predict", content=body, headers={"content-type": "application/json"})

    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]


def test_all_bad_values_of_a_request_are_told_at_once(server, row):
    bad = {name: value for name, value in row.items() if name != "gender"} | {"tenure": -3, "Tenure": 3}

    answer = server.post("/predict", json={"rows": [bad]})

    assert answer.status_code == 400
    assert {problem["loc"][-1] for problem in answer.json()["detail"]} == {"gender", "tenure", "Tenure"}


def test_contributions_sum_to_the_raw_score_and_order_of_keys_means_nothing(server, row):
    for sent in (row, dict(reversed(row.items()))):
        (found,) = server.post("/explain", json={"rows": [sent]}).json()["predictions"]
        score = found["base"] + math.fsum(found["contributions"].values())
        yes = found["probabilities"]["Yes"]
        assert math.isclose(score, math.log(yes / (1 - yes)), abs_tol=1e-6)
        assert list(found["contributions"]) == [name for name in row if name != "customerID"]


def test_the_server_says_what_it_serves(server, project):
    (run,) = (run for run in project.runs() if run["production"])
    card = server.get("/model").json()
    assert (card["name"], card["task"], card["classes"]) == ("churn", "binary", ["No", "Yes"])
    assert run["id"] in (card["version"], card.get("run"))
    assert card["metrics"]["log_loss"] == run["metrics"]["log_loss"]


def test_the_documents_show_the_names_ranges_and_categories_of_the_data(server):
    document = server.get("/docs.json").json()
    assert {"/predict", "/explain", "/model"} <= set(document["paths"])
    row = document["components"]["schemas"]["ChurnRow"]
    assert (row["properties"]["tenure"]["minimum"], row["properties"]["tenure"]["maximum"]) == (0, 120)
    assert row["properties"]["Contract"]["enum"] == ["Month-to-month", "One year", "Two year"]
    assert "TotalCharges" in row["required"]
    assert "customerID" not in row["required"]
    assert row["additionalProperties"] is False


def test_the_client_asks_and_tells_what_is_wrong(server, project, row):
    spec = importlib.util.spec_from_file_location("copied_client", project.folder / "client.py")
    client = sys.modules["copied_client"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(client)
    spelled = {column: attribute for attribute, column in client._COLUMNS.items()}
    good = client.ChurnRow(**{spelled[column]: value for column, value in row.items()})
    bad = replace(good, tenure=-3)

    async def ask():
        async with client.AsyncClient(str(server.base_url)) as asked:
            return await asyncio.gather(*(asked.predict([good]) for _ in range(8)))

    with client.Client(str(server.base_url)) as asked:
        (answer,) = asked.predict([replace(good, customer_id="7590-VHVEG")]).predictions
        (why,) = asked.explain([good]).predictions
        with pytest.raises(client.Refused) as refused:
            asked.predict([good, bad])
        assert {one.predictions[0].probabilities["Yes"] for one in asyncio.run(ask())} == {answer.probabilities["Yes"]}
    assert (answer.id, answer.prediction) == ("7590-VHVEG", why.prediction)
    score = math.log(why.probabilities["Yes"] / why.probabilities["No"])
    assert math.isclose(why.base + math.fsum(why.contributions.values()), score, abs_tol=1e-6)
    assert (refused.value.status, refused.value.detail[0]["loc"]) == (400, ["rows", 1, "tenure"])
    assert "rows.1.tenure: -3: must be 0 or more" in str(refused.value)


def test_the_tests_of_the_project_pass(project, promoted):
    said = project("pytest", "-q", "-p", "no:cacheprovider")
    assert " passed" in said
    assert "skipped" not in said


def test_files_are_scored_by_the_script_and_by_the_command_alike(project, promoted, home, telco):
    project("python", "score.py", str(telco), "-o", "a.csv")
    project("overture", "score", str(telco), "-o", "b.csv")
    first, second = ((project.folder / name).read_text() for name in ("a.csv", "b.csv"))
    assert first == second
    rows = list(csv.DictReader(first.splitlines()))
    assert len(rows) == 7043
    assert rows[0]["customerID"] == "7590-VHVEG"
    assert {row["prediction"] for row in rows} == {"No", "Yes"}


def test_one_answer_is_the_same_from_the_server_and_from_a_file(server, project, row):
    line = {name: "" if value is None else value for name, value in row.items()}
    file = project.folder / "one.csv"
    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, line)
        writer.writeheader()
        writer.writerow(line)
    project("python", "score.py", "one.csv", "-o", "scored.csv")
    (scored,) = csv.DictReader((project.folder / "scored.csv").read_text().splitlines())
    (served,) = server.post("/predict", json={"rows": [row]}).json()["predictions"]
    assert scored["prediction"] == served["prediction"]
    assert math.isclose(float(scored["probability: Yes"]), served["probabilities"]["Yes"], rel_tol=1e-9)


def test_a_report_is_there_for_every_run(project, swept):
    for run in project.runs():
        path = project.folder / project("overture", "report", run["id"]).strip()
        assert path.read_text().startswith("<!doctype html>")


def test_rolling_back_puts_the_run_before_in_production(project, promoted):
    """The last of these tests that touches what is in production, which it leaves as it was."""
    first, second = (run["id"] for run in project.runs()[:2])
    project("overture", "promote", second)
    assert [run["id"] for run in project.runs() if run["production"]] == [second]
    assert first in project("overture", "rollback", "--why", "the second was no better")
    assert [run["id"] for run in project.runs() if run["production"]] == [first]
    told = json.loads(project("overture", "history", "--json"))
    assert [entry["run"] for entry in told] == [first, second, first]
    assert json.loads((Path(project.folder) / ".overture" / "production.json").read_text())["run"] == first
    project("overture", "rollback", code=2)
