"""Tables that nobody here has seen: each becomes a model that answers requests, or one sentence says why not."""

import csv
import gzip
import io
import os
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # BentoML's own


def table(rows=120, /, **columns):
    """Columns by name: `score` (from 0 to 99), `city`, `left` (who scores high leaves), and those that are given.

    A column is given as a function of a row's number and its score, as a value, or as None for none.
    """
    fields = {
        "score": lambda i, score: score,
        "city": lambda i, score: ("Oslo", "Rome", "Lima")[i % 3],
        "left": lambda i, score: "yes" if score > 60 else "no",
        **columns,
    }
    made = {name: [] for name, value in fields.items() if value is not None}
    for i in range(rows):
        score = i * 37 % 100
        for name, found in made.items():
            value = fields[name]
            found.append(value(i, score) if callable(value) else value)
    return made


def text(columns, delimiter=",", quoting=csv.QUOTE_MINIMAL, end="\n"):
    """Columns as the text of a CSV file."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=end)
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return out.getvalue()


def renamed(**names):
    """The usual table under other names."""
    return {names.get(name, name): values for name, values in table().items()}


def day(i):
    return f"2024-{1 + i % 12:02}-{1 + i % 28:02}"


ODD = {
    "score": 'Score, (in "%")',
    "city": "city / town: where?",
    "left": "has left?",
}

ANSWERED = {
    "quoted headers and values": text(table(), quoting=csv.QUOTE_ALL),
    "spaces and punctuation in names": (text(renamed(**ODD)), "has left?"),
    "semicolons": text(table(), delimiter=";"),
    "semicolons and decimal commas": text(
        table(score=lambda i, score: f"{score},{i % 10}"), delimiter=";", quoting=csv.QUOTE_MINIMAL
    ),
    "tabs": text(table(), delimiter="\t"),
    "bars": text(table(), delimiter="|"),
    "Windows line ends": text(table(), end="\r\n"),
    "no last line end": text(table()).rstrip("\n"),
    "a byte order mark": "\ufeff" + text(table()),
    "Latin-1": text(table(city=lambda i, score: ("Málaga", "Köln", "Århus")[i % 3])).encode("latin-1"),
    "UTF-16": text(table()).encode("utf-16"),
    "gzip": gzip.compress(text(table()).encode()),
    "a column of numbers and words": text(table(mixed=lambda i, score: "n/a soon" if i % 9 == 0 else i)),
    "a column of whole and other numbers": text(table(mixed=lambda i, score: f"{i}.5" if i == 119 else i)),
    "a constant column": text(table(always="same")),
    "a column without any value": text(table(nothing="")),
    "only one feature": text(table(city=None)),
    "huge whole numbers": text(table(huge=lambda i, score: 2**62 + i)),
    "whole numbers past 64 bits": text(table(huge=lambda i, score: 10**30 + i * 7)),
    "numbers past all bounds": text(table(wild=lambda i, score: ("1e308", "-1e308", "1e-300")[i % 3])),
    "dates": text(table(day=lambda i, score: day(i))),
    "moments": text(table(at=lambda i, score: f"{day(i)}T0{i % 10}:30:00")),
    "moments with zones": text(table(at=lambda i, score: f"{day(i)}T0{i % 10}:30:00+02:00")),
    "sixty classes": text(table(1800, kind=lambda i, score: f"class {i % 60}", hint=lambda i, score: i % 60)),
    "numbers for classes": text(table(left=lambda i, score: int(score > 60))),
    "true and false for classes": text(table(left=lambda i, score: score > 60)),
    "words of YAML for classes": text(table(left=lambda i, score: "on" if score > 60 else "null")),
    "regression": text(table(left=lambda i, score: score * 3.5 + i % 7)),
    "names of other alphabets": (text(renamed(score="得分", city="город", left="مغادر")), "مغادر"),
    "emoji and combining letters": (text(renamed(score="🚀", city="e\u0301tage", left="é")), "é"),
    "words of Python": (text(table(**{"class": lambda i, s: i % 5, "def": 1.5, "None": "x", "self": lambda i, s: s})), "left"),
    "words of the service": text(
        table(**dict.fromkeys(("id", "rows", "model", "prediction", "probabilities", "warnings"), lambda i, s: i % 7))
    ),
    "words of pydantic": text(
        table(**dict.fromkeys(("model_config", "model_fields", "copy", "json", "schema", "validate"), lambda i, s: i % 7))
    ),
    "words of the configuration": text(
        table(**dict.fromkeys(("kind", "type", "_target_", "defaults", "hydra", "columns", "???"), lambda i, s: i % 7))
    ),
    "dots, interpolations and templates": text(
        table(**dict.fromkeys(("a.b", "${x}", "${oc.env:HOME}", "{{ 7 * 7 }}", "a[0]", "a=b", "%s", "#"), lambda i, s: i % 7))
    ),
    "values that templates would run": text(
        table(city=lambda i, s: ("${oc.env:HOME}", "{{ 7 * 7 }}", '"""\\', "{% raw %}")[i % 4])
    ),
    "words of YAML as names": text(
        table(**dict.fromkeys(("on", "no", "null", "~", "1", "1.5", "true", "0o7", "12:30"), lambda i, s: i % 7))
    ),
    "names that differ in case only": text(table(Score=lambda i, s: i % 7, SCORE=lambda i, s: i % 5)),
    "names that are the same to Python": text(
        table(**dict.fromkeys(("a b", "a_b", "a-b", "A b"), lambda i, s: i % 7))
    ),
    "a very long name": text(table(**{"long " * 60: lambda i, s: i % 7})),
    "a very long value": text(table(note=lambda i, s: f"word {i} " * 400)),
    "values of several lines": text(table(note=lambda i, s: f"first {i}\nsecond")),
    "blanks around everything": text(table(city=lambda i, s: (" Oslo", "Rome ", " Lima ")[i % 3])),
    "missing targets": text(table(left=lambda i, s: "" if i % 10 == 0 else "yes" if s > 60 else "no")),
    "a thousand labels": text(table(1500, label=lambda i, s: f"label {i % 1000}")),
    "leading zeros": text(table(zip=lambda i, s: f"{i % 50:05}")),
}  # fmt: skip
TARGETS = {"sixty classes": "kind"}
SOAK = os.environ.get("OVERTURE_SOAK") == "1"
FIRST = (
    "quoted headers and values",
    "spaces and punctuation in names",
    "semicolons and decimal commas",
    "Latin-1",
    "gzip",
    "only one feature",
    "numbers for classes",
    "words of YAML for classes",
    "regression",
    "names of other alphabets",
    "values that templates would run",
)
"""Those that no wide table below holds; the others are tried one by one when there is time."""


def wide(*names):
    """One table with the columns of several."""
    columns = table(200)
    for name in names:
        reader = csv.DictReader(io.StringIO(ANSWERED[name]))
        rows = list(reader)
        for column in reader.fieldnames:
            columns.setdefault(column, [rows[i % len(rows)][column] for i in range(200)])
    return text(columns)


ANSWERED["names that mean something elsewhere, all at once"] = wide(
    "words of the service",
    "words of pydantic",
    "words of the configuration",
    "words of YAML as names",
    "dots, interpolations and templates",
    "names that are the same to Python",
)
ANSWERED["columns of every sort, all at once"] = wide(
    "a column of numbers and words",
    "a column of whole and other numbers",
    "a constant column",
    "a column without any value",
    "huge whole numbers",
    "numbers past all bounds",
    "dates",
    "moments",
    "a very long name",
    "values of several lines",
    "leading zeros",
)
ANSWERED["two thousand columns"] = text(
    table(60, **{f"x{i}": (lambda j: lambda i, s: (i * j) % 11)(i) for i in range(2000)})
)
ALL_AT_ONCE = tuple(ANSWERED)[-3:-1]


@pytest.mark.parametrize("what", ANSWERED if SOAK else [*FIRST, *ALL_AT_ONCE])
def test_a_table_becomes_a_model_that_answers(what, tmp_path, journey):
    content, target = (
        ANSWERED[what] if isinstance(ANSWERED[what], tuple) else (ANSWERED[what], TARGETS.get(what, "left"))
    )
    file = tmp_path / ("rows.csv.gz" if what == "gzip" else "rows.csv")
    file.write_bytes(content if isinstance(content, bytes) else content.encode())

    step, found = journey(file, target)

    assert step == "answered", (step, found)


REFUSED = {
    "nothing at all": ("", "is empty"),
    "only a header": ("score,city,left\n", "no rows"),
    "one row": (text(table(1)), "one row"),
    "two rows": (text(table(2)), "there is nothing to predict"),
    "one class": (text(table(left="no")), 'left is "no" in every row'),
    "a target without values": (text(table(left="")), "left has no value in any row"),
    "no features": (text(table(score=None, city=None)), "no column is left to learn from"),
    "only a key": (text(table(score=None, city=None, id=lambda i, s: f"K-{i:05}")), "no column is left to learn from"),
    "two columns of one name": ("score,score,left\n" + "1,2,yes\n3,4,no\n" * 50, '2 columns called "score"'),
    "a column called as the row number": (text(table(_row=lambda i, s: i % 7)), "_row"),
    "rows of different length": ("score,city,left\n1,Oslo,yes\n2,Rome\n3,Lima,no,more\n" * 30, "do not have 3 values"),
    "a picture": (bytes(random.Random(1).randbytes(5000)), "is not text"),
    "a web page": ("<!DOCTYPE html>\n<html><body><p>Not found</p></body></html>\n", "one row"),
    "a compressed file cut short": (gzip.compress(text(table(2000)).encode())[:-40], "damaged"),
    "a quote that is never closed": (text(table()).replace("Oslo", '"Oslo', 1), "quoted"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_table_that_cannot_be_used_is_refused_in_a_sentence(what, tmp_path, journey):
    content, phrase = REFUSED[what]
    name = "rows.csv.gz" if what == "a compressed file cut short" else "rows.csv"
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    step, said = journey(tmp_path / name, "left")

    assert step in ("new", "train", "promote"), said
    assert phrase in said


@st.composite
def tables(draw):
    """A small table of any names and values, whose last column is to be predicted."""
    rows = draw(st.integers(0, 40))
    words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=8)
    names = draw(st.lists(words, min_size=1, max_size=4, unique=True))
    cells = st.one_of(
        words,
        st.integers().map(str),
        st.floats().map(str),
        st.dates().map(str),
        st.sampled_from(["", "NA", "yes", "no"]),
    )
    kinds = [
        draw(
            st.one_of(st.just(cells), st.sampled_from([["a", "b"], ["0", "1"], ["1.5", "2", ""]]).map(st.sampled_from))
        )
        for _ in names
    ]
    values = [[draw(kind) for kind in kinds] for _ in range(rows)]
    return names, values


@settings(max_examples=300 if SOAK else 15, deadline=None, suppress_health_check=list(HealthCheck))
@given(tables())
def test_any_table_becomes_a_project_or_is_refused_in_a_sentence(tmp_path_factory, here, found):
    names, values = found
    folder = tmp_path_factory.mktemp("any")
    with (folder / "rows.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([names, *values])

    code, said = here(folder, "new", "project", "--data", "rows.csv", "--target", names[-1])

    assert code in (0, 2), said
    assert code == 0 or not (folder / "project").exists()
    if code == 0:
        assert here(folder / "project", "check")[0] == 0
        assert here(folder / "project", "generate", "--check")[0] == 0
