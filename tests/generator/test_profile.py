"""A profile tells what is in a table: counted by hand here, in odd tables too, and without showing what is personal."""

import datetime as dt
import json
import math
import re
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overture.generator.profile.page import page
from overture.generator.profile.profile import Profile, profile
from overture.generator.profile.subject import Subject, of_file, of_project
from overture.runtime.config.load import load

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "profile.md").read_text("utf-8")
Overture = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def project(make_project: Callable[..., Path]) -> Path:
    return make_project()


def looked(tmp_path: Path, frame: pl.DataFrame, target: str | None = None) -> Profile:
    frame.write_parquet(tmp_path / "table.parquet")
    return profile(of_file(tmp_path / "table.parquet", target))


def texts(found: Profile, column: str) -> list[str]:
    return [note.text for note in found.notes if note.column == column]


def of(found: Profile, column: str) -> object:
    return next(it for it in found.columns if it.name == column)


def without_seconds(text: str) -> str:
    return re.sub(r" +\d+\.\d s$", "", text, flags=re.MULTILINE)


def test_the_page_of_the_documentation_shows_what_is_printed(tmp_path: Path, overture: Overture) -> None:
    (tmp_path / "telco.csv").write_bytes((ROOT / "tests" / "data" / "telco.csv").read_bytes())
    words, output = re.findall(r"```console\n\$ overture (.*?)\n(.*?)```", PAGE, re.DOTALL)[0]
    done = overture(*words.split(), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert without_seconds(done.stdout) == output
    assert (tmp_path / "telco.profile.html").read_text().startswith("<!doctype html>")


def test_what_is_counted_is_what_is_there(tmp_path: Path) -> None:
    amounts = [*range(100), 10_000, None]
    found = looked(tmp_path, pl.DataFrame({"amount": amounts, "label": ["a"] * 60 + ["b"] * 41 + [None]}))
    amount, label = found.columns
    assert (amount.missing, amount.distinct, amount.low, amount.high, amount.median) == (1, 101, 0, 10_000, 50)
    assert amount.mean == pytest.approx(14950 / 101)
    assert amount.far == 1
    assert (label.missing, label.distinct, label.labels) == (1, 2, (("a", 60), ("b", 41)))
    assert texts(found, "amount") == ["has 1 value far from all others: from 0 to 10,000, the middle one is 50"]


def test_the_bins_of_whole_numbers_hold_as_many_numbers_each(tmp_path: Path) -> None:
    for most in (1, 6, 47, 48, 49, 100, 1000):
        (column,) = looked(tmp_path, pl.DataFrame({"n": [*range(most + 1)] * 20})).columns
        widths = {it.high - it.low for it in column.bins}
        assert len(widths) == 1
        assert float(widths.pop()).is_integer()
        inner = [it.rows for it in column.bins[1:-1]]
        assert len(set(inner)) <= 1, most


def test_a_column_that_is_the_target_explains_all_and_noise_nothing(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    y = draw.normal(size=4000)
    found = looked(
        tmp_path,
        pl.DataFrame(
            {
                "curve": np.sqrt(np.abs(y)) * 3,
                "noise": draw.normal(size=4000),
                "half": y + draw.normal(size=4000),
                "y": y,
            }
        ),
        "y",
    )
    explains = {it.name: it.relation.explains for it in found.columns if it.relation}
    assert explains["noise"] < 0.01
    assert 0.4 < explains["half"] < 0.5  # half of what varies is the target
    assert found.related[0].name == "half"
    half = of(found, "half")
    assert half.relation.r == pytest.approx(np.corrcoef(found_values(tmp_path, "half"), y)[0, 1])  # type: ignore[attr-defined]


def found_values(tmp_path: Path, name: str) -> np.ndarray:  # type: ignore[type-arg]
    return pl.read_parquet(tmp_path / "table.parquet")[name].to_numpy()


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), min_size=40, max_size=120))
def test_shares_by_label_are_those_counted_by_hand(rows: list[tuple[str, bool]]) -> None:
    frame = pl.DataFrame({"x": [x for x, _ in rows], "y": ["yes" if y else "no" for _, y in rows]})
    found = profile(Subject("it", frame, {"x": "category", "y": "category"}, "y", "binary"))
    relation = found.columns[0].relation
    if frame["y"].n_unique() < 2:
        assert relation is None
        return
    assert relation is not None
    assert 0 <= relation.explains <= 1
    for group in relation.groups:
        ys = [y for x, y in rows if x == group.value]
        assert (group.rows, group.target) == (len(ys), pytest.approx(sum(ys) / len(ys)))


def test_what_seems_to_know_the_answer_is_said(tmp_path: Path) -> None:
    n = 400
    y = ["yes" if i % 3 == 0 else "no" for i in range(n)]
    frame = pl.DataFrame({"told": [label.upper() for label in y], "one": [7] * n, "few": [1] * (n - 1) + [2], "y": y})
    found = looked(tmp_path, frame, "y")
    assert texts(found, "told") == ["tells y by itself: is it known before?"]
    assert texts(found, "one") == ["is the same in every row"]
    assert texts(found, "few") == []  # a number that hardly changes tells nothing


def test_odd_tables_are_drawn(tmp_path: Path) -> None:
    n = 120
    odd = pl.DataFrame(
        {
            "<script>alert(1)</script>": ["<b>&amp;"] * n,
            "nothing": pl.Series([None] * n, dtype=pl.String),
            "infinite": [math.inf if i % 5 == 0 else math.nan if i % 7 == 0 else float(i) for i in range(n)],
            "moment": [dt.datetime(2024, 1, 1, tzinfo=dt.UTC) + dt.timedelta(hours=i) for i in range(n)],
            "day": [dt.date(1969, 12, 1) + dt.timedelta(days=i) for i in range(n)],
            "flag": [i % 2 == 0 for i in range(n)],
            "list": [[1, 2]] * n,
            "huge": [2**62 + i for i in range(n)],
            "decimal": pl.Series([f"{i}.25" for i in range(n)]).cast(pl.Decimal(10, 2)),
            "labels": pl.Series(["a\nb", " "] * (n // 2)).cast(pl.Categorical),
        }
    )
    for rows in (2, 3, n):
        for target in (None, *(name for name in odd.columns if name != "list")):
            found = looked(tmp_path, odd.head(rows), target)
            html = page(found)
            assert "<script" not in html
            assert "<b>&amp;" not in html
            _Closed().feed(html)
            assert texts(found, "list") == ["holds lists or the like, which no column can"]
            json.dumps(found.as_dict(), default=str)
    assert of(looked(tmp_path, odd), "day").low == "1969-12-01"  # type: ignore[attr-defined]


class _Closed(HTMLParser):
    """Fails on a tag that is closed in another order than it was opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in ("meta", "br", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_wide_table_stays_a_small_page(tmp_path: Path) -> None:
    draw = np.random.default_rng(1)
    frame = pl.DataFrame({f"column {i}": draw.normal(size=200) for i in range(400)})
    html = page(looked(tmp_path, frame.with_columns(y=pl.col("column 3") * 2), "y"))
    assert len(html) < 1_000_000
    assert "120 of 401 columns are drawn." in html


def test_a_project_is_looked_at_as_training_sees_it(project: Path, overture: Overture) -> None:
    data = project / "conf" / "data" / "people.yaml"
    text = (
        data.read_text()
        .replace("max: 120", "max: 80")
        .replace("{type: number, nullable: true}", "{type: number, nullable: true, personal: true}")
    )
    data.write_text(text + "derive: {older: age + 1}\n")
    spec = load(project).spec
    found = profile(of_project(project, spec))
    rows = pl.read_csv(project / "data" / "people.csv")
    (breach,) = found.breaches
    assert (breach.column, breach.rule, breach.count) == ("age", "max", int((rows["age"] > 80).sum()))
    income = of(found, "income")
    assert (income.personal, income.low, income.bins, income.relation.groups) == (True, None, (), ())  # type: ignore[attr-defined]
    assert "older" not in [it.name for it in found.columns]  # nothing is derived from broken rows
    assert texts(found, "id") == []  # the key is meant to be different in every row
    data.write_text(text.replace("max: 80", "max: 120") + "derive: {older: age + 1}\n")
    assert of(profile(of_project(project, load(project).spec)), "older").low == rows["age"].min() + 1  # type: ignore[attr-defined, operator]
    done = overture("profile", "people", "--json", cwd=project)
    told = json.loads(done.stdout)
    assert (told["target"], told["rows"], told["columns"][3]["low"]) == ("left", rows.height, None)
    assert not list(project.glob("*.html"))


def test_values_of_personal_columns_are_nowhere(project: Path) -> None:
    data = project / "conf" / "data" / "people.yaml"
    data.write_text(re.sub(r"(  city:   \{type: category), values: .*\}", r"\1, personal: true}", data.read_text()))
    found = profile(of_project(project, load(project).spec))
    assert "Oslo" not in page(found) + json.dumps(found.as_dict(), default=str)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("none.csv",), "there is no file none.csv."),
        ((".",), ". is a folder, not a file."),
        ((), "this folder is no overture project, so there is no data set to look at."),
        (("a.csv", "b.csv"), "one table at a time"),
        (("people.csv", "--target", "lft"), 'people.csv has no column "lft". Did you mean "left"?'),
        (("people.csv", "-o", "nowhere/page.html"), "there is no folder nowhere."),
    ],
)
def test_mistakes_are_told(
    words: tuple[str, ...], said: str, tmp_path: Path, project: Path, overture: Overture
) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    (folder / "people.csv").write_bytes((project / "data" / "people.csv").read_bytes())
    done = overture("profile", *words, cwd=folder)
    assert (done.returncode, said in done.stderr, "Traceback" in done.stderr) == (2, True, False), done.stderr
