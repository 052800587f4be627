"""Weights, calibration, a threshold and intervals, from the configuration to what service, batch and page say."""

import json

import numpy as np
import polars as pl
import pytest

ROWS = 1200


@pytest.fixture
def house_prices(tmp_path):
    random = np.random.default_rng(5)
    rooms, town, counts = (
        random.integers(1, 9, ROWS),
        random.choice(["Oslo", "Rome"], ROWS),
        random.integers(1, 3, ROWS),
    )
    price = 100.0 * rooms + 50.0 * (town == "Rome") + random.normal(0, 150, ROWS)
    frame = pl.DataFrame(
        {"rooms": rooms, "town": town, "area": random.normal(size=ROWS), "counts": counts, "price": price.round(2)}
    )
    frame = frame.with_columns(dear=pl.when(pl.col("price") > 600).then(pl.lit("yes")).otherwise(pl.lit("no")))
    frame.write_csv(tmp_path / "houses.csv")
    return tmp_path


def project(here, folder, target, ignored):
    code, said = here(folder, "new", "houses", "--data", "houses.csv", "--target", target, "--ignore", ignored)
    assert code == 0, said
    root = folder / "houses"
    data = root / "conf" / "data" / "houses.yaml"
    data.write_text(data.read_text().replace("columns:", "weight: counts\ncolumns:", 1))
    code, said = here(root, "generate")
    assert code == 0, said
    return root


def trained(here, root, *words):
    code, said = here(root, "train.py", "evaluation.replicates=20", *words)
    assert code == 0, said
    code, said = here(root, "promote", "best")
    assert code == 0, said
    (run,) = (root / "runs").iterdir()
    return run, json.loads((run / "run.json").read_text())


def answers(served, root, rows, path="/predict"):
    with served(root) as client:
        found = client.post(path, json={"rows": rows})
        assert found.status_code == 200, found.text
        return found.json()["predictions"], client.get("/model").json(), client.get("/docs.json").json()


def batch(here, root, rows):
    pl.DataFrame(rows).write_csv(root / "rows.csv")
    code, said = here(root, "score", "rows.csv", "-o", "out.csv")
    assert code == 0, said
    return pl.read_csv(root / "out.csv")


ROW = {"rooms": 6, "town": "Rome", "area": 0.5}


def test_an_interval_is_in_every_answer(here, served, house_prices):
    root = project(here, house_prices, "price", "dear")
    run, facts = trained(here, root, "model=ridge", "+model.interval={level: 0.8}")
    rows = [ROW, {**ROW, "rooms": 2}]
    found, card, documents = answers(served, root, rows)
    assert "counts" not in card["schema"]["features"]
    assert "scores count every test row alike, whatever its counts" in facts["notes"]
    assert all(row["interval"]["low"] < row["prediction"] < row["interval"]["high"] for row in found)
    (why, _), _, _ = answers(served, root, rows, "/explain")
    assert why["interval"] == found[0]["interval"]
    assert why["base"] + sum(why["contributions"].values()) == pytest.approx(why["prediction"])

    table = batch(here, root, rows)
    assert table["interval: low"].to_list() == [row["interval"]["low"] for row in found]
    assert table["interval: high"].to_list() == [row["interval"]["high"] for row in found]

    assert card["interval"] == facts["interval"]
    assert 0.7 < facts["interval"]["test_coverage"] < 0.9
    assert facts["interval"]["level"] == 0.8
    assert "interval" in documents["components"]["schemas"]["Estimate"]["properties"]
    assert documents["components"]["schemas"]["Bounds"]["required"] == ["low", "high"]
    assert "intervals hold" in (run / "report.html").read_text()


def test_a_threshold_decides_in_every_answer_and_is_told(here, served, house_prices):
    root = project(here, house_prices, "dear", "price")
    words = ["+model.calibration=sigmoid", "+model.threshold={cost: {false_positive: 1, false_negative: 50}}"]
    run, facts = trained(here, root, "model=logistic", "+model.class_weight=balanced", *words)
    rows = [{"rooms": rooms, "town": town, "area": -0.1} for rooms in range(1, 9) for town in ("Oslo", "Rome")]
    found, card, _ = answers(served, root, rows)
    threshold = card["threshold"]["value"]
    assert threshold < 0.2
    assert [row["prediction"] == "yes" for row in found] == [row["probabilities"]["yes"] >= threshold for row in found]
    assert any(row["prediction"] == "yes" and row["probabilities"]["yes"] < 0.5 for row in found)

    table = batch(here, root, rows)
    assert table["prediction"].to_list() == [row["prediction"] for row in found]
    assert table["probability: yes"].to_list() == [row["probabilities"]["yes"] for row in found]

    kept = pl.read_parquet(run / "predictions.parquet")
    assert ((kept["prediction"] == "yes") == (kept["probability: yes"] >= threshold)).all()
    assert facts["calibration"]["method"] == "sigmoid"
    assert "validation rows cost" in (run / "report.html").read_text()


def test_an_option_that_cannot_be_is_told_with_its_place(here, house_prices):
    root = project(here, house_prices, "dear", "price")
    code, said = here(root, "check", "model=logistic", "+model.interval={level: 0.8}", "+model.monotone={rooms: up}")
    assert code == 2
    assert "increasing" in said
    code, said = here(root, "check", "model=logistic", "+model.interval={level: 0.8}")
    assert code == 2
    assert "an interval is about a number; binary has none." in said
