"""The report is one page that needs nothing else, says what the numbers say, and takes data for text."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import numpy as np
import polars as pl
import pytest
import yaml
from hypothesis import example as tried_always
from hypothesis import given, settings
from hypothesis import strategies as st

from overture.runtime.data.column import column
from overture.runtime.report import curves, marks, watch, words
from overture.runtime.report.card import card
from overture.runtime.report.page import page
from overture.runtime.schema import Schema

from ...effort import effort

HOSTILE = "<script>alert(1)</script>\"&'|`"
TASKS = ("binary", "multiclass", "regression")
LABELS = {"binary": ["No", "Yes"], "multiclass": ["a", "b", "c"]}


def numbers(value: float | None, low: float | None = None, high: float | None = None) -> dict[str, float | None]:
    return {"value": value, "low": value if low is None else low, "high": value if high is None else high}


def facts(task: str, rows: int = 300, **changes: Any) -> dict[str, Any]:
    objective = "root_mean_squared_error" if task == "regression" else "log_loss"
    direct = "mean_absolute_error" if task == "regression" else "accuracy"
    return {
        "id": "2f9c41d07be3",
        "name": "churn",
        "description": "",
        "created": "2026-11-23T20:29:29.123Z",
        "git": {"commit": "4c0d" * 10, "dirty": True},
        "inputs": {
            "data": {"data/a.csv": "1" * 64},
            "config": "2" * 64,
            "code": {},
            "environment": {"python": "3.11.7"},
        },
        "seeds": {"project": 42, "split": 42, "model": 42},
        "task": task,
        "target": "Churn",
        "positive": "Yes" if task == "binary" else None,
        "classes": LABELS.get(task),
        "model": {"kind": "catboost", "label": "catboost", "params": {"depth": 6}, "rounds": 412},
        "split": {"kind": "random", "test": 0.2, "valid": 0.1},
        "rows": {"train": 700, "valid": 0, "test": rows},
        "data": {
            "description": "",
            "source": "a.csv",
            "read": 1003,
            "dropped": 3,
            "missing": {"x": 11},
            "unknown": {"x": 2},
            "extra": [],
        },
        "test_rows": "3" * 64,
        "objective": objective,
        "greater_is_better": False,
        "metrics": {objective: numbers(0.412, 0.39, 0.434), direct: numbers(0.803)},
        "baseline": {objective: 0.578, direct: 0.735},
        "baseline_label": 'always "No"',
        "gain": numbers(0.166, 0.15, 0.181),
        "importance": {"x": 0.6, "color": 0.4},
        "explanations": {"rows": 10_000, "repeats": 5, "columns": 6, "errors": 10, "segments": 5},
        "durations": {"fit": 3.8},
        "notes": ["color: 3 test rows hold a label that no training row has"],
        **changes,
    }


def explanations(task: str, text: str = "color") -> dict[str, Any]:
    """Everything that explanations.json can hold; text: a column, and a label."""
    inputs = [
        {"input": name, "size": size, "low": 0.1, "high": 0.9, "points": [[0.3, 0.9], [-0.2, None], [0.0, 0.0]]}
        for name, size in (("x", 0.5), (text, 0.2))
    ]
    if task == "multiclass":
        inputs = [{**{k: v for k, v in one.items() if k != "points"}, "by_class": [0.2, 0.3, 0.1]} for one in inputs]
    names = LABELS["multiclass"] if task == "multiclass" else ["Yes" if task == "binary" else ""]
    curves = [{"name": name, "mean": [0.2, 0.4], "missing": 0.3} for name in names]
    drawn = {"rows": [100, 200], "curves": curves, "single": [[0.1, 0.3]], "middle": [[0.1, 0.3], [0.2, 0.6]]}
    if task == "multiclass":
        drawn |= {"single": [], "middle": []}
    moments = {"column": "seen", "kind": "moment", "at": [1.6e9, 1.7e9], **drawn}
    number = {"column": "x", "kind": "number", "at": [1.0, 7.0], **drawn}
    wrong = None if task == "regression" else {"value": 0.4, "low": 0.3, "high": 0.5, "elsewhere": 0.1}
    group = {"where": [{"column": text, "is": text}, {"column": "x", "is": "up to 3"}], "rows": 40, "share": 0.12}
    error = {"row": 7, "key": text, "target": text, "prediction": "b", "probability": 0.01, "loss": 4.6}
    return {
        "rows": 300,
        "of": 1000,
        "objective": "log_loss",
        "importance": [
            {"column": "x", "value": 0.2, "low": 0.15, "high": 0.25},
            {"column": text, "value": -0.001, "low": -0.01, "high": 0.01},
        ],
        "shap": {"method": "SHAP values, exact", "exact": True, "rows": 300, "apart": 1e-15, "inputs": inputs},
        "dependence": [number, moments, {"column": text, "kind": "label", "at": [text, "b"], **drawn}],
        "errors": {
            "columns": ["x", text],
            "hidden": [text],
            "key": text,
            "rows": [{**error, "values": ["1.5", text]}, {**error, "values": [None, None]}],
        },
        "segments": [
            {**group, "loss": {"value": 0.9, "low": 0.7, "high": 1.1}, "elsewhere": 0.3, "wrong": wrong},
        ],
        "notes": [text],
    }


def schema(task: str, **changes: Any) -> Schema:
    target = column("number") if task == "regression" else column("category", values=LABELS[task])
    given = {
        "task": task,
        "features": {"x": column("number", nullable=True, min=0), "color": column("category", values=["red", "blue"])},
        "target": "Churn",
        "target_column": target,
        "positive": "Yes" if task == "binary" else None,
        "classes": LABELS.get(task),
        "key": "id",
        "key_column": column("integer"),
    }
    return Schema(**{**given, **changes})


def predictions(task: str, rows: int = 300) -> pl.DataFrame:
    chance = np.random.default_rng(1)
    if task == "regression":
        truth = chance.lognormal(12, 0.5, rows)
        return pl.DataFrame(
            {"_row": range(rows), "target": truth, "prediction": truth * chance.lognormal(0, 0.2, rows)}
        )
    labels = np.array(LABELS[task])
    truth = chance.integers(0, labels.size, rows)
    scores = np.exp(chance.normal(size=(rows, labels.size)) + 1.5 * np.eye(labels.size)[truth])
    shares = scores / scores.sum(axis=1, keepdims=True)
    columns = {f"probability: {label}": shares[:, place] for place, label in enumerate(labels)}
    said = labels[shares.argmax(axis=1)]
    return pl.DataFrame({"_row": range(rows), "target": labels[truth], "prediction": said, **columns})


def report(task: str, rows: int = 300, told: dict[str, Any] | None = None, **changes: Any) -> str:
    return page(facts(task, rows, **changes), schema(task), predictions(task, rows), "name: churn\n", told)


class Page(HTMLParser):
    """Notes every tag that opens, and whether all that open also close."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not any(name.startswith("on") or name == "src" for name, _ in attrs)
        assert all((to or "").startswith("#") for name, to in attrs if name == "href")
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.mark.parametrize("explained", [False, True])
@pytest.mark.parametrize("task", TASKS)
def test_a_report_is_one_page_that_needs_nothing_else(task: str, explained: bool) -> None:
    html = report(task, told=explanations(task) if explained else None)

    read = Page(html)
    assert read.open == []
    assert not {"script", "link", "img", "iframe"} & set(read.tags)
    assert "http" not in html
    assert "url(" not in html
    assert len(html.encode()) < 200_000
    for drawing in re.findall(r"<svg.*?</svg>", html, re.DOTALL):
        made = ElementTree.fromstring(drawing)
        assert made.get("aria-label")
        assert not re.search("nan|inf", " ".join(value for item in made.iter() for value in item.attrib.values()))


@pytest.mark.parametrize("task", TASKS)
def test_equal_runs_have_equal_pages_and_cards(task: str) -> None:
    assert report(task) == report(task)
    assert card(facts(task), schema(task)) == card(facts(task), schema(task))


@pytest.mark.parametrize("task", TASKS)
def test_a_report_of_ten_thousand_rows_costs_little(task: str) -> None:
    report(task, 10_000)
    rows = predictions(task, 10_000)

    assert effort(lambda: page(facts(task), schema(task), rows, "name: churn\n")) < 8


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("rows", [1, 2, 19, 41])
def test_few_rows_are_enough_for_a_report(task: str, rows: int) -> None:
    html = report(task, rows)

    Page(html)
    assert ">Scores</h2>" in html


def test_the_figures_of_each_task_are_there() -> None:
    for task, titles in {
        "binary": ["ROC", "Precision and recall", "Calibration", "Probabilities by class", "Confusion"],
        "multiclass": ["Confusion", "Calibration", "By class"],
        "regression": ["Predicted against true", "Errors", "Errors by size of the prediction"],
    }.items():
        html = report(task)
        assert [title for title in titles if f"<h3>{title}</h3>" not in html] == []


def test_whatever_the_data_holds_is_shown_as_text() -> None:
    labels = [HOSTILE, "Yes"]
    target = column("category", values=labels)
    features = {HOSTILE: column("category", values=[HOSTILE], description=HOSTILE)}
    hostile = schema("binary", classes=labels, target_column=target, features=features, target=HOSTILE)
    told = facts("binary", classes=labels, name=HOSTILE, description=HOSTILE, target=HOSTILE, notes=[HOSTILE])
    told |= {"importance": {HOSTILE: 1.0}, "baseline_label": HOSTILE, "positive": HOSTILE}
    told["data"] |= {"source": HOSTILE, "description": HOSTILE, "extra": [HOSTILE], "unknown": {HOSTILE: 1}}
    told["model"] |= {"label": HOSTILE, "params": {HOSTILE: HOSTILE}}
    told["inputs"] |= {"data": {HOSTILE: "1"}, "environment": {HOSTILE: HOSTILE}}
    told["split"] = {"kind": HOSTILE, HOSTILE: HOSTILE}
    held = predictions("binary").rename({"probability: No": f"probability: {HOSTILE}"})
    held = held.with_columns(pl.col("target", "prediction").replace({"No": HOSTILE}))

    for positive in labels:
        html = page(
            told, hostile.model_copy(update={"positive": positive}), held, HOSTILE, explanations("binary", HOSTILE)
        )
        assert "script" not in Page(html).tags
        assert "<script" not in html
    written = card(told | {"card": {"limits": [HOSTILE], "license": HOSTILE}}, hostile, explanations("binary", HOSTILE))
    assert "<script" not in written.split("---", 2)[2]
    assert yaml.safe_load(written.split("---")[1])["tags"] == ["tabular", "binary", "catboost"]


@pytest.mark.parametrize(
    ("gain", "colour", "said"),
    [
        (numbers(0.1, 0.05, 0.2), "good", 'Clearly better than always "No".'),
        (
            numbers(0.0002, 0.0001, 0.0003),
            "open",
            'Better than always "No", but by so little that it hardly matters.',
        ),
        (numbers(0.1, -0.05, 0.2), "open", 'Not clearly better than always "No".'),
        (numbers(-0.1, -0.2, -0.05), "poor", 'Worse than always "No".'),
        (
            {"value": None, "low": None, "high": None},
            "open",
            'Whether it is better than always "No" cannot be said from these rows.',
        ),
    ],
)
def test_the_first_sentence_says_what_the_gain_says(gain: dict[str, Any], colour: str, said: str) -> None:
    told = facts("binary", gain=gain)

    assert words.verdict(told) == (colour, said)
    assert f'<p class="verdict {colour}">' in report("binary", gain=gain)


def test_the_contract_says_what_each_column_may_hold() -> None:
    features = {
        "a": column("number", min=0, max=15000),
        "b": column("integer", max=3, nullable=True),
        "c": column("category", values=[f"v{i}" for i in range(14)]),
    }

    html = page(facts("binary"), schema("binary", features=features), predictions("binary"), "")

    for allowed in ("<td>0 to 15000", "<td>3 or less, or missing", "v10, v11 and 2 more", "<td>No, Yes", "<td>any"):
        assert f"{allowed}</td>" in html


def test_numbers_are_put_into_plain_words() -> None:
    assert words.plain(facts("binary")) == (
        'Of 100 rows it gets 80 right; always "No" gets 74. Judged on 300 rows it had not seen.'
    )
    assert words.certainty(facts("binary")).startswith("Its log_loss is lower by 0.166, which is 29 %;")
    better = facts("binary", greater_is_better=True, gain=numbers(-0.1, -0.2, -0.05))
    assert words.certainty(better).startswith("Its log_loss is lower by 0.100;")
    assert words.plain(facts("regression")) == 'On average it is off by 0.803; always "No" is off by 0.735.'
    assert words.question(facts("binary")) == 'How likely is Churn = "Yes"?'


def test_a_metric_that_is_not_defined_is_called_undefined() -> None:
    nothing = {"value": None, "low": None, "high": None}
    metrics = {"log_loss": numbers(0.4), "roc_auc": nothing}
    told = facts("binary", metrics=metrics, baseline={"log_loss": 0.5, "roc_auc": None})

    html = page(told, schema("binary"), predictions("binary"), "")

    assert '<td class="number">undefined</td>' in html
    assert "| roc\\_auc | undefined | undefined |" in card(told, schema("binary"))


def test_the_roc_curve_is_that_of_scikit_learn() -> None:
    from sklearn.metrics import auc, precision_recall_curve, roc_auc_score

    chance = np.random.default_rng(2)
    truth = chance.random(200) < 0.4
    score = np.round(chance.random(200) + 0.4 * truth, 1)

    ranked = curves.Ranked.of(truth, score)
    assert auc(*ranked.roc()) == pytest.approx(roc_auc_score(truth, score))
    precision, recall, _ = precision_recall_curve(truth, score)
    ours = np.column_stack(ranked.precision_recall())[::-1]
    theirs = np.column_stack([recall, precision])[:-1]
    assert ours == pytest.approx(theirs[-len(ours) :] if len(theirs) > len(ours) else theirs)


def test_confusion_counts_rows_by_truth_and_prediction() -> None:
    truth, predicted = np.array([0, 0, 1, 1, 1, -1]), np.array([0, 1, 1, 1, 0, 1])

    assert curves.confusion(truth, predicted, 2).tolist() == [[1, 1], [1, 2]]


@given(st.floats(-1e12, 1e12), st.floats(1e-6, 1e12))
@tried_always(1e12, 1e-3)
@tried_always(-131072.1, 1e-6)
@settings(max_examples=200, deadline=None)
def test_ticks_are_few_round_and_within(low: float, span: float) -> None:
    high = low + span
    found = marks.ticks(low, high)

    assert len(found) <= 7
    slack = 1e-6 * (high - low) + 1e-9 * max(abs(low), abs(high))
    assert all(low - slack <= tick <= high + slack for tick in found)


def test_parts_of_the_rows_are_compared_with_all_of_them() -> None:
    def part(value: str, *found: float) -> dict[str, Any]:
        return {
            "column": "color",
            "value": value,
            "rows": 30,
            "metrics": {"log_loss": numbers(*found)} if found else {},
        }

    html = report(
        "binary",
        slices=[part("red", 0.6, 0.5, 0.7), part("blue", 0.3, 0.2, 0.35), part("<b>", 0.4, 0.3, 0.5), part("grey")],
    )

    (table,) = re.findall("<h2>On parts of the rows</h2>(.*?)</section>", html)
    assert re.findall(
        r"<td>(red|blue|&lt;b&gt;|grey)</td>.*?(weaker|better|<span class=\"\"></span>|too few to say)", table
    ) == [
        ("red", "weaker"),
        ("blue", "better"),
        ("&lt;b&gt;", '<span class=""></span>'),
        ("grey", "too few to say"),
    ]
    assert "On parts of the rows" not in report("binary")


def folds(*each: float | None) -> dict[str, Any]:
    found = {"mean": 0.41, "deviation": 0.013, "low": 0.36, "high": 0.46, "folds": list(each)}
    return {"learned": [400, 410], "held": [200, 190], "rounds": [None, None], "metrics": {"log_loss": found}}


def test_cross_validation_is_shown_by_fold() -> None:
    html = report("binary", folds=folds(0.4, None))

    (table,) = re.findall("<h2>Cross-validation</h2>(.*?)</section>", html)
    cells = re.findall("<td[^>]*>(.*?)</td>", table)
    assert cells == ["log_loss", "0.410", "0.0130", "[0.360, 0.460]", "0.400 undefined"]
    assert "2 models, each judged on a fold of 190 to 200 rows" in table
    assert "they learned from 400 to 410 rows" in table
    assert ">0.400 to 0.411</td>" in report("binary", folds=folds(*(0.4 + n / 1000 for n in range(12))))
    assert "Cross-validation" not in report("binary", folds=None)
    said = card(facts("binary", folds=folds(0.4, 0.42)), schema("binary"))
    assert "- log\\_loss: 0.410 ± 0.013" in said


def test_every_baseline_stands_beside_the_scores() -> None:
    each = [{"label": label, "metrics": {"log_loss": value}} for label, value in (("<last>", 0.5), ("always", 0.6))]
    told = facts("binary", baselines=each, baseline_label="<last>")

    html = page(told, schema("binary"), predictions("binary"), "")

    assert re.findall("<th[^>]*>baseline: (.*?)</th>", html) == ["&lt;last&gt;", "always"]
    assert "baseline: &lt;last> | baseline: always |" in card(told, schema("binary"))


def test_a_card_says_what_hugging_face_reads() -> None:
    written = card(facts("regression"), schema("regression"))
    front = yaml.safe_load(written.split("---")[1])

    assert front["pipeline_tag"] == "tabular-regression"
    (result,) = front["model-index"][0]["results"]
    assert {metric["type"]: metric["value"] for metric in result["metrics"]}["root_mean_squared_error"] == 0.412
    titles = re.findall("^## (.*)$", written, re.MULTILINE)
    assert [title[0] for title in titles] == [*"123456789", "H", "W"]


def test_a_card_says_what_is_stated_and_plainly_what_is_not() -> None:
    nothing = card(facts("binary"), schema("binary"))
    stated = {
        "intended_use": "Calls *by hand*.",
        "out_of_scope": ["prices", "<b>jobs</b>"],
        "license": "mit",
        "tags": ["x"],
    }
    written = card(facts("binary", card=stated), schema("binary"), explanations("binary"))

    assert nothing.count("*Not stated.*") == 18
    assert written.count("*Not stated.*") == 16
    front = yaml.safe_load(written.split("---")[1])
    assert (front["license"], front["tags"]) == ("mit", ["tabular", "binary", "catboost", "x"])
    assert "### Intended purpose\n\nCalls \\*by hand\\*.\n" in written
    assert "- prices\n- &lt;b>jobs&lt;/b>\n" in written
    assert "says nothing of: provider, system," in written
    assert "weaker where color is color and x is up to 3 (12.0 % of the rows)" in written


@pytest.mark.parametrize("task", TASKS)
def test_what_was_explained_is_shown(task: str) -> None:
    html = report(task, told=explanations(task))
    text = " ".join(" ".join(Page(html).texts).split())

    for title in ("What it looks at", "How it answers", "Where it is weak", "Its greatest errors"):
        assert f"<h2>{title}</h2>" in html
    for drawn in ("What each column is worth", "What each input added", "seen", "color"):
        assert f"<h3>{drawn}</h3>" in html
    assert "color is color and x is up to 3" in text
    assert "Not shown, because they are personal: color." in text
    said = "off by 0.900 on average, elsewhere by 0.300" if task == "regression" else "wrong in 40.0 % of them"
    assert said in text
    assert 'class="dots plain"' in html if task != "multiclass" else 'class="dots' not in html


def test_a_run_without_explanations_shows_the_shares_of_the_model() -> None:
    html = report("binary", explanations=None)

    assert "How much the model leans on each input" in html
    assert "How it answers" not in html


def test_the_first_page_says_what_to_watch() -> None:
    leaning = explanations("binary") | {"importance": [{"column": "x", "value": 0.9, "low": 0.8, "high": 1.0}] * 2}
    leaning["importance"][1] = {"column": "color", "value": 0.01, "low": 0.0, "high": 0.02}
    told = facts("binary", 150, split={"kind": "random"})
    late = schema("binary", time="seen", time_column=column("timestamp"))
    rows = predictions("binary", 150)

    said = watch.sentences(told, late, rows, leaning)

    assert said[0].startswith("It was judged on 150 rows only")
    assert "Color: 3 test rows hold a label that no training row has." in said
    assert any(
        text.startswith("It is weak where color is color and x is up to 3 (12.0 % of the rows)") for text in said
    )
    assert any(text.startswith("It leans on x above all") for text in said)
    assert any(text.startswith("Rows are ordered by seen") for text in said)


def test_probabilities_that_do_not_come_true_are_told() -> None:
    chance = np.random.default_rng(3)
    score = chance.uniform(0.02, 0.98, 4000)
    frames = {}
    for name, share in (("sound", score), ("sure", np.clip(1.6 * (score - 0.5) + 0.5, 0.01, 0.99))):
        truth = np.where(chance.random(4000) < score, "Yes", "No")
        said = np.where(share > 0.5, "Yes", "No")
        shares = {"probability: No": 1 - share, "probability: Yes": share}
        frames[name] = pl.DataFrame({"_row": range(4000), "target": truth, "prediction": said, **shares})

    told = facts("binary", 4000, notes=[])
    assert watch.sentences(told, schema("binary"), frames["sound"], None) == []
    (said,) = watch.sentences(told, schema("binary"), frames["sure"], None)
    assert said.startswith("Its probabilities are not to be taken at their word")


def test_labels_that_are_personal_are_not_shown() -> None:
    features = {"name": column("category", values=["Ada", "Grace"], personal=True)}

    config = "data: {columns: {name: {type: category, values: [Ada, Grace], personal: true}}}"

    html = page(facts("binary"), schema("binary", features=features), predictions("binary"), config)

    assert "Ada" not in html
    assert "personal: true" in html
    assert "2 labels, not shown: they are personal" in html
