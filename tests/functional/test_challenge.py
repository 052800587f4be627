"""A challenger beside the model in production: who answers whom, what a shadow sees, and that trying costs no answer."""

import json
import logging
import random
import re
import time
from contextlib import contextmanager
from types import SimpleNamespace

import polars as pl
import pytest

from overture.generator.project import wanted
from overture.runtime.config.load import load
from overture.runtime.errors import Mistake, OvertureError
from overture.runtime.hooks import Hooks
from overture.runtime.runs.ledger import production
from overture.runtime.runs.promote import challenge, promote
from overture.runtime.runs.run import Run
from overture.runtime.serving import request_log, shadow
from overture.runtime.serving.predictor import Predictor
from overture.runtime.serving.shadow import compared

from ..in_process import served
from ..runtime.runs.conftest import train
from ..runtime.serving.test_fast_lane import body, plain

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # BentoML's own
CITIES = ("Oslo", "Rome", "New York")


@pytest.fixture
def project(make_project):
    """Two runs of the same data: one in production, one that challenges it."""
    root = make_project(model="catboost", rows=400)
    first, second = train(root), train(root, "model.params.depth=2")
    promote(root, [], first)
    challenge(root, [], second)
    return root


def tried(root, how):
    """Have the service try the challenger."""
    config = root / "conf" / "config.yaml"
    config.write_text(f"{config.read_text()}serving: {{http: {{challenger: {how}}}}}\n")
    for name, text in wanted(root).items():
        if name in ("service.py", "client.py"):
            (root / name).write_text(text.text)


def predictor(root, run_id):
    run = Run.open(root / "runs" / run_id)
    return Predictor("churn", run, run.load_model(run.manifest_sha256), Hooks.open(root))


def people(count, seed=0):
    draw = random.Random(seed)
    return [
        {
            "age": draw.randint(0, 120),
            "city": draw.choice(CITIES),
            "income": draw.choice([None, draw.uniform(0, 9)]),
            "id": i,
        }
        for i in range(1, count + 1)
    ]


def both(root):
    found = production(root)
    return found.run_id, found.challenger.run_id


def ask(client, rows, path="/predict"):
    response = client.post(path, json={"rows": rows})
    assert response.status_code == 200, response.text
    return response.json()["predictions"]


def test_a_canary_answers_its_share_and_always_the_same_customers(project):
    tried(project, "{mode: canary, share: 0.3}")
    rows = people(400)
    ours, theirs = both(project)
    with served(project) as client:
        answers = ask(client, rows)
        again = ask(client, random.Random(1).sample(rows, len(rows)))
        alone = [ask(client, [row])[0] for row in rows[:40]]
        explained = ask(client, rows[:60], "/explain")
        slow = plain(client)
        assert ask(slow, rows) == answers
    turn = {answer["id"]: answer.get("model") for answer in answers}
    assert 0.2 < sum(model is not None for model in turn.values()) / len(turn) < 0.4
    assert set(turn.values()) == {None, f"churn:{theirs}"}
    assert {answer["id"]: answer for answer in again} == {answer["id"]: answer for answer in answers}
    assert alone == answers[:40]
    assert [answer.get("model") for answer in explained] == [answer.get("model") for answer in answers[:60]]
    for run_id, model in ((ours, None), (theirs, f"churn:{theirs}")):
        by = predictor(project, run_id)
        mine = [row for row in rows if turn[row["id"]] == model]
        expected = by.predictions(frame(project, mine))
        assert [answer["probabilities"] for answer in answers if answer.get("model") == model] == [
            it["probabilities"] for it in expected
        ]
    logged = request_log.read(project / "log").filter(route="/predict").head(400)
    names = {str(id): model or f"churn:{ours}" for id, model in turn.items()}
    assert dict(zip(logged["id"], logged["model"], strict=True)) == names


def frame(project, rows):
    spec = load(project).spec
    features = spec.contract.features
    return pl.DataFrame([pl.Series(name, [row[name] for row in rows], it.dtype) for name, it in features.items()])


def test_without_a_key_the_values_of_a_row_decide_however_a_number_is_written(project):
    tried(project, "{mode: canary, share: 0.5}")
    with served(project) as client:
        for row in people(40, seed=3):
            row = {name: value for name, value in row.items() if name != "id"} | {"income": 3}
            (first,), (second,) = ask(client, [row]), ask(client, [row | {"income": 3.0}])
            assert first == second
            assert "id" not in first


def test_every_body_gets_the_same_bytes_with_a_canary_from_the_lane_and_from_the_plain_service(project):
    tried(project, "{mode: canary, share: 0.5}")
    draw, row = random.Random(5), {"age": 30, "city": "Oslo", "income": 2.5}
    with served(project) as client:
        other, good = plain(client), 0
        for _ in range(150):
            sent = body(draw, row | {"age": draw.randint(0, 120)}, "id")
            quick, slow = (
                it.post("/predict", content=sent, headers={"content-type": "application/json"})
                for it in (client, other)
            )
            assert (quick.status_code, quick.content) == (slow.status_code, slow.content), sent
            good += quick.status_code == 200
        assert good > 30


def test_a_canary_that_fails_costs_no_answer(project, monkeypatch, caplog):
    tried(project, "{mode: canary, share: 0.5}")
    rows = people(60)
    ours, theirs = both(project)
    with served(project) as client:
        lane = client.app.fast["/predict"]
        challenge = lane._answerer._challenge

        def fails(*_):
            raise RuntimeError("a secret value")

        broken = SimpleNamespace(predict=fails)
        monkeypatch.setattr(type(challenge.challenger.model), "predict", _failing(challenge.challenger.model, fails))
        monkeypatch.setitem(challenge.challenger.__dict__, "quick", broken)
        monkeypatch.setattr(lane._answerer._theirs, "quick", broken)
        with caplog.at_level(logging.ERROR, "bentoml.serve"):
            answers = ask(client, rows)
            ask(client, rows)
    assert [answer.get("model") for answer in answers] == [None] * len(rows)
    expected = predictor(project, ours).predictions(frame(project, rows))
    assert [answer["probabilities"] for answer in answers] == [it["probabilities"] for it in expected]
    told = [record.getMessage() for record in caplog.records if "challenger" in record.getMessage()]
    assert told == [f"the challenger churn:{theirs} failed, production answers in its place: RuntimeError"]


def _failing(broken, fails):
    before = type(broken).predict
    return lambda self, *words: fails() if self is broken else before(self, *words)


def test_a_shadow_predicts_what_is_answered_and_answers_nobody(project):
    rows = people(120)
    with served_plainly(project) as client:
        expected = ask(client, rows)
    tried(project, "{mode: shadow}")
    ours, theirs = both(project)
    with served(project) as client:
        assert ask(client, rows[:60]) + ask(client, rows[60:]) == expected
        ask(client, rows[:5], "/explain")
        slow = ask(plain(client), [row | {"id": row["id"] + 1000} for row in rows[:30]])
    assert [answer["probabilities"] for answer in slow] == [answer["probabilities"] for answer in expected[:30]]
    found = compared(project / "log")
    assert found.height == 150
    assert set(found["model"]) == {f"churn:{ours}"}
    assert set(found["challenger"]) == {f"churn:{theirs}"}
    told = {row["id"]: row["challenger_outputs"] for row in found.iter_rows(named=True)}
    for row, said in zip(rows, predictor(project, theirs).predictions(frame(project, rows)), strict=True):
        assert told[str(row["id"])]["probabilities"] == pytest.approx(said["probabilities"], abs=0)
    assert [told[str(row["id"] + 1000)] for row in rows[:30]] == [told[str(row["id"])] for row in rows[:30]]


@contextmanager
def served_plainly(root):
    for name, text in wanted(root).items():
        if name == "service.py":
            (root / name).write_text(text.text)
    with served(root) as client:
        yield client


def test_a_shadow_sees_labels_that_only_it_has_learned(make_project):
    data = (
        "sources: {people: {kind: csv, path: data/people.csv}}\nkey: id\nunknown_category: missing\ncolumns:\n"
        "  id: {type: integer}\n  age: {type: integer}\n  city: {type: category}\n  income: {type: number, nullable: true}\n"
        "  left: {type: category, values: ['no', 'yes']}\n"
    )
    root = make_project(model="catboost", data=data, rows=400)
    promote(root, [], train(root))
    table = root / "data" / "people.csv"
    table.write_text(table.read_text().replace("Rome", "Paris"))
    challenge(root, [], train(root))
    tried(root, "{mode: shadow}")
    row = {"age": 30, "city": "Paris", "income": 2.5, "id": 7}
    with served(root) as client:
        (quick,), (slow,) = ask(client, [row]), ask(plain(client), [row | {"id": 8}])
    assert len(quick["warnings"]) == len(slow["warnings"]) == 1
    seen = request_log.read(root / "log", "shadow")
    assert seen["inputs"].struct.field("city").to_list() == ["Paris", "Paris"]
    assert seen["warnings"].to_list() == [None, None]
    assert request_log.read(root / "log")["inputs"].struct.field("city").to_list() == [None, None]


def test_a_shadow_that_is_too_slow_or_fails_is_counted_and_nobody_waits(project, monkeypatch):
    tried(project, "{mode: shadow}")
    (project / "conf" / "config.yaml").write_text(
        (project / "conf" / "config.yaml").read_text().replace("shadow}", "shadow}, log: {queue: 50}")
    )
    (project / "service.py").write_text(wanted(project)["service.py"].text)
    rows = people(40)
    with served(project) as client:
        before = {outcome: counted(client, outcome) for outcome in ("predicted", "failed", "dropped")}

        def more(outcome, rows):
            return counted(client, outcome, before[outcome] + rows) - before[outcome]

        ask(client, rows)
        assert more("predicted", 40) == 40
        monkeypatch.setattr(shadow.Shadow, "_answers", lambda *_: 1 / 0)
        ask(client, rows[:10])
        assert more("failed", 10) == 10
        assert len(ask(client, people(60))) == 60  # more than may wait
        ask(client, rows[:1])
        assert more("dropped", 60) == 60


def counted(client, outcome, least=0.0):
    """What the metrics of this process tell of shadows, once it is as much as that, or after some seconds."""
    for _ in range(200):
        found = re.search(rf'overture_shadow_rows_total{{outcome="{outcome}"}} (\S+)', client.get("/metrics").text)
        if (number := float(found[1]) if found else 0.0) >= least:
            break
        time.sleep(0.05)
    return number


def test_what_cannot_be_tried_is_told_before_anything_is_served(project, make_project):
    for how, said in (
        ("{mode: canary}", "a canary needs a share"),
        ("{mode: shadow, share: 0.5}", "a shadow answers no rows: leave share out"),
        ("{mode: canary, share: 0}", "must be more than 0"),
    ):
        with pytest.raises(OvertureError, match=said):
            load(project, [f"serving.http.challenger={how}"])
    with pytest.raises(OvertureError, match="a shadow is of no use without a log"):
        load(project, ["serving.http.challenger={mode: shadow}", "serving.http.log=null"])


def test_a_challenger_that_was_changed_is_not_opened(project):
    tried(project, "{mode: canary, share: 0.5}")
    _, theirs = both(project)
    (model,) = [it for it in (project / "runs" / theirs / "model").iterdir() if it.suffix == ".cbm"]
    model.write_bytes(model.read_bytes()[:-1] + b"x")
    with pytest.raises((Mistake, SystemExit, OvertureError)), served(project):
        pass


def test_the_command_names_a_challenger_and_takes_it_back(project, overture):
    tried(project, "{mode: shadow}")
    ours, theirs = both(project)
    done = overture("rollback", "--challenger", "--why", "enough", cwd=project)
    assert done.stdout == f"{theirs} is the challenger no more.  A server knows when it starts anew:  bentoml serve\n"
    assert "challenger" not in json.loads((project / ".overture" / "production.json").read_text())
    assert overture("rollback", "--challenger", cwd=project).returncode == 2
    done = overture("promote", theirs, "--challenger", cwd=project)
    assert done.stdout.endswith(f"{theirs} is the challenger; a server takes it when it starts anew.\n")
    assert both(project) == (ours, theirs)
    done = overture("promote", ours, "--challenger", cwd=project)
    assert (done.returncode, f"{ours} is in production itself." in done.stderr) == (2, True)
    actions = [line.split()[1] for line in overture("history", cwd=project).stdout.splitlines()]
    assert actions == ["promoted", "challenger", "withdrawn", "challenger"]
    assert overture("promote", theirs, cwd=project).returncode == 0
    found = production(project)
    assert (found.run_id, found.challenger) == (theirs, None)
