"""The parts that columns play: target, key, time, leaks, and what is left out."""

import random
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from overture.generator.infer.inference import Question, infer
from overture.generator.infer.inferred import Guess, Inferred, Note
from overture.runtime.errors import Mistake

ROWS = 200
CHANCE = random.Random(7)
COLUMNS: dict[str, list[Any]] = {
    "noise": [CHANCE.randint(0, 99) for _ in range(ROWS)],
    "level": [round(CHANCE.random() * 40, 2) for _ in range(ROWS)],
    "city": [CHANCE.choice(["Oslo", "Rome"]) for _ in range(ROWS)],
    "left": [CHANCE.choice(["yes", "no", "no"]) for _ in range(ROWS)],
    "amount": [round(CHANCE.random() * 900, 3) for _ in range(ROWS)],
}


def ask(
    folder: Path,
    target: str = "left",
    test: dict[str, list[Any]] | None = None,
    more: dict[str, list[Any]] | None = None,
    **said: Any,
) -> Inferred:
    pl.DataFrame({**COLUMNS, **(more or {})}).write_csv(folder / "rows.csv")
    if test is not None:
        pl.DataFrame(test).write_csv(folder / "test.csv")
        said["test"] = folder / "test.csv"
    return infer(Question(folder / "rows.csv", target, **said))


def texts(found: Inferred, column: str) -> list[str]:
    return [note.text for note in found.notes if note.column == column]


@pytest.mark.parametrize(
    ("values", "task", "positive", "guess"),
    [
        (["yes", "no", "no"], "binary", "yes", Guess("category", values=("no", "yes"))),
        (["b", "a", "a"], "binary", "b", Guess("category", values=("a", "b"))),
        (["<=50K", ">50K", "<=50K"], "binary", ">50K", Guess("category", values=("<=50K", ">50K"))),
        ([1, 0, 1], "binary", 1, Guess("integer", min=0, max=1)),
        ([1.0, 0.0, 0.0], "binary", 1, Guess("integer", min=0, max=1)),
        ([1, 2, 2], "binary", 1, Guess("category", values=(1, 2))),
        ([True, False, True], "binary", True, Guess("boolean")),
        ([0.5, 1.5], "binary", None, None),
        (["x", "y", "z"], "multiclass", None, Guess("category", values=("x", "y", "z"))),
        ([0, 1, 2], "multiclass", None, Guess("category", values=(0, 1, 2))),
        ([0, 1, 200], "regression", None, Guess("integer")),
        (list(range(40)), "regression", None, Guess("integer")),
        ([0.5, 1.5, 2.25], "regression", None, Guess("number")),
    ],
)
def test_the_task_follows_from_the_target(
    tmp_path: Path, values: list[Any], task: str, positive: Any, guess: Guess | None
) -> None:
    column = {"y": (values * ROWS)[:ROWS]}

    if guess is None:
        with pytest.raises(Mistake, match="numbers with a fraction"):
            ask(tmp_path, "y", more=column)
        assert ask(tmp_path, "y", more=column, task="regression").task == "regression"
        return
    found = ask(tmp_path, "y", more=column)

    assert (found.task, found.positive, found.columns["y"]) == (task, positive, guess)


def test_the_task_asked_for_wins(tmp_path: Path) -> None:
    column = {"y": ([0, 1, 2, 3] * ROWS)[:ROWS]}

    taken = ask(tmp_path, "y", more=column)
    found = ask(tmp_path, "y", more=column, task="regression")

    assert texts(taken, "y") == ["4 whole numbers, taken as classes; if they are amounts: --task regression"]
    assert (found.task, found.columns["y"], texts(found, "y")) == ("regression", Guess("integer"), [])


@pytest.mark.parametrize(
    ("target", "values", "task", "said"),
    [
        ("y", ["k"], None, 'y is "k" in every row'),
        ("y", [""], None, "y has no value in any row"),
        ("y", [f"k{i}" for i in range(ROWS)], None, "200 different values, more than the 100 classes"),
        ("y", ["a", "b", "c"], "binary", 'binary needs two values, but y has 3: "a", "b", "c"'),
        ("y", ["1", "2", "many"], "regression", 'regression needs numbers, but y holds "many"'),
        ("y", ["a", "b"], "multiclass", "that is binary"),
        ("y", ["2024-01-01", "2024-01-02"], None, "y holds dates"),
    ],
)
def test_what_cannot_be_predicted_is_a_mistake(
    tmp_path: Path, target: str, values: list[str], task: str | None, said: str
) -> None:
    with pytest.raises(Mistake, match=said):
        ask(tmp_path, target, more={"y": (values * ROWS)[:ROWS]}, task=task)


def test_rows_without_a_target_are_counted(tmp_path: Path) -> None:
    found = ask(tmp_path, "y", more={"y": (["a", "b", "", "b"] * ROWS)[:ROWS]})

    assert texts(found, "y") == ["missing in 50 rows, which are left out"]
    assert found.answer == 'y is "a" in 33.3 % of rows'


def test_a_class_of_few_rows_is_said(tmp_path: Path) -> None:
    found = ask(tmp_path, "y", more={"y": ["rare", *(["a", "b"] * ROWS)[: ROWS - 1]]})

    assert texts(found, "y") == ['fewer than 5 rows are "rare": too few to learn from and to test']


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("customerID", [f"{i:04d}-ABCDE" for i in range(ROWS)]),
        ("id", list(range(1000, 1000 + ROWS))),
        ("user uuid", [f"{i:08x}-0000-4000-8000-000000000000" for i in range(ROWS)]),
        ("ticket", [f"T{i:05d}" for i in range(ROWS)]),
        ("id", list(range(ROWS))),
        ("ticket", [f"{i:07d}" for i in range(ROWS)]),
        ("Auftrags-Nr.", list(range(1000, 1000 + ROWS))),
    ],
)
def test_an_identifier_becomes_the_key(tmp_path: Path, name: str, values: list[Any]) -> None:
    found = ask(tmp_path, more={name: values})

    assert found.key == name
    assert found.columns[name].keys.keys() == {"type"}
    assert texts(found, name) == ["different in every row: taken as the key, not as a feature"]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("weight", [round(i * 1.37, 2) for i in range(ROWS)]),
        ("income", [1000 + 7 * i for i in range(ROWS)]),
        ("id", [1, 1, *range(2, ROWS)]),
        ("id", ["", *map(str, range(1, ROWS))]),
        ("zip", [f"{i:05d}" for i in range(ROWS)]),
    ],
)
def test_what_is_merely_different_in_every_row_is_no_key(tmp_path: Path, name: str, values: list[Any]) -> None:
    assert ask(tmp_path, more={name: values}).key is None


def test_of_two_identifiers_one_is_the_key_and_the_other_is_ignored(tmp_path: Path) -> None:
    found = ask(tmp_path, more={"order id": list(range(500, 500 + ROWS)), "id": list(range(900, 900 + ROWS))})

    assert (found.key, found.ignore) == ("id", ("order id",))


def test_the_key_asked_for_is_taken_and_its_faults_are_said(tmp_path: Path) -> None:
    found = ask(tmp_path, key="noise")

    assert found.key == "noise"
    assert "repeat another row's" in texts(found, "noise")[0]


def test_a_row_number_is_ignored_unless_it_is_asked_for(tmp_path: Path) -> None:
    more = {"instant": list(range(1, ROWS + 1))}

    assert ask(tmp_path, more=more).ignore == ("instant",)
    timed = ask(tmp_path, more=more, time="instant")
    assert (timed.ignore, timed.time, timed.split, timed.columns["instant"]) == (
        (),
        "instant",
        {"option": "time"},
        Guess("integer"),
    )


def test_what_the_user_ignores_is_not_looked_at(tmp_path: Path) -> None:
    found = ask(tmp_path, more={"same": ["x"] * ROWS}, ignore=("same", "city"))

    assert found.ignore == ("city", "same")
    assert found.notes == ()


def test_a_day_could_order_the_rows_and_does_when_asked(tmp_path: Path) -> None:
    more = {"day": [f"2024-01-{i % 28 + 1:02d}" for i in range(ROWS)]}

    assert "could order the rows" in texts(ask(tmp_path, more=more), "day")[0]
    asked = ask(tmp_path, more=more, time="day")
    assert (asked.time, asked.split, asked.notes) == ("day", {"option": "time"}, ())
    with pytest.raises(Mistake, match="city holds nothing that orders rows, but labels"):
        ask(tmp_path, more=more, time="city")


def test_one_column_has_one_part_only(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match="left cannot be both --target and --ignore"):
        ask(tmp_path, ignore=("left",))


def test_a_column_that_tells_the_class_is_suspected(tmp_path: Path) -> None:
    left = COLUMNS["left"]
    more = {
        "reason": ["moved" if said == "yes" else "none given" for said in left],
        "score": [0.7 + i / 1e4 if said == "yes" else 0.1 + i / 1e4 for i, said in enumerate(left)],
        "left date": [CHANCE.randint(0, 5) for _ in left],
    }

    found = ask(tmp_path, more=more)

    assert [texts(found, name) for name in more] == [
        ["tells left by itself: is it known before?"],
        ["tells left by itself, above or below a value: is it known before?"],
        ["is named after left: is it known before?"],
    ]
    assert set(more) < set(found.columns)


def test_a_number_that_tells_true_from_false_is_suspected(tmp_path: Path) -> None:
    truth = [said == "yes" for said in COLUMNS["left"]]

    found = ask(
        tmp_path,
        "gone",
        more={"gone": truth, "days": [-i if gone else i + 1 for i, gone in enumerate(truth)]},
        ignore=("left",),
    )

    assert texts(found, "days") == ["tells gone by itself, above or below a value: is it known before?"]
    assert texts(found, "noise") == []


def test_columns_that_add_up_to_the_target_are_suspected(tmp_path: Path) -> None:
    casual, registered = COLUMNS["noise"], [CHANCE.randint(0, 500) for _ in range(ROWS)]

    found = ask(
        tmp_path,
        "cnt",
        more={"registered": registered, "cnt": [a + b for a, b in zip(casual, registered, strict=True)]},
    )

    assert texts(found, "noise") == ["gives the answer away: cnt = noise + registered in every row"]
    assert "gives the answer away: cnt = noise + registered in every row" in texts(found, "registered")


def test_a_column_close_to_the_target_is_suspected(tmp_path: Path) -> None:
    found = ask(tmp_path, "amount", more={"net": [value * 0.8 + i % 3 for i, value in enumerate(COLUMNS["amount"])]})

    assert [text.partition(" (r = 0.999")[0] for text in texts(found, "net")] == ["follows amount closely"]


def test_a_total_is_recognised(tmp_path: Path) -> None:
    found = ask(
        tmp_path, more={"total": [a * b + 0.5 for a, b in zip(COLUMNS["noise"], COLUMNS["level"], strict=True)]}
    )

    assert Note("total", "follows noise x level (r = 1)") in found.notes


def test_columns_by_chance_are_not_suspected(tmp_path: Path) -> None:
    assert ask(tmp_path).notes == ()
    assert ask(tmp_path, "amount").notes == ()


def test_a_test_file_sets_the_split_and_its_labels_are_read_as_the_training_file_writes_them(tmp_path: Path) -> None:
    test = {
        **COLUMNS,
        "left": [f"{said.upper()}." for said in COLUMNS["left"]],
        "city": ["Bergen", *COLUMNS["city"][1:]],
        "noise": [500] * ROWS,
    }

    found = ask(tmp_path, test=test)

    assert found.split == {"option": "predefined", "column": "part"}
    assert list(found.files) == ["train", "test"]
    assert found.source["replace"] == {"left": {"NO.": "no", "YES.": "yes"}}
    assert texts(found, "left") == ['the test file writes "NO." for "no" and "YES." for "yes": replaced']
    assert found.columns["city"].values == ("Bergen", "Oslo", "Rome")
    assert found.columns["noise"].max == 800


def test_a_test_file_has_the_same_columns(tmp_path: Path) -> None:
    test = {("town" if name == "city" else name): values for name, values in COLUMNS.items() if name != "level"}

    with pytest.raises(Mistake) as caught:
        ask(tmp_path, test=test)
    assert [problem.what for problem in caught.value.problems] == [
        'test.csv has no column "level", which rows.csv has.',
        'test.csv has no column "city", which rows.csv has.',
    ]


def test_a_test_file_may_need_letters_that_the_training_file_does_not(tmp_path: Path) -> None:
    pl.DataFrame(COLUMNS).write_csv(tmp_path / "rows.csv")
    text = pl.DataFrame(COLUMNS).write_csv().replace("Oslo", "Tromsø")
    (tmp_path / "test.csv").write_bytes(text.encode("latin-1"))

    found = infer(Question(tmp_path / "rows.csv", "left", test=tmp_path / "test.csv"))

    assert found.source["encoding"] == "cp1252"
    assert found.columns["city"].values == ("Oslo", "Rome", "Tromsø")


def test_an_identifier_that_many_rows_share_may_be_what_splits_them(tmp_path: Path) -> None:
    more = {"customer_id": [f"C{i % 40}" for i in range(ROWS)], "city_id": [i % 3 for i in range(ROWS)]}
    more["moment"] = [f"2024-01-{1 + i % 28:02d}" for i in range(ROWS)]

    found = ask(tmp_path, more=more)

    note = "5 rows share one, on average: where these belong together, override split: group and write split: {column: customer_id} in config.yaml"
    assert texts(found, "customer_id") == [note]
    assert not any("share one" in text for text in texts(found, "city_id"))
    assert texts(ask(tmp_path, more=more, time="moment"), "customer_id") == []
