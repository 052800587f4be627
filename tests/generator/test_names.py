"""Any set of texts becomes distinct Python identifiers."""

import builtins
import keyword
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, create_model

from overture.generator.names import class_name, identifiers, snake_case

HOSTILE = [
    *(
        "class",
        "import os",
        "def",
        "match",
        "case",
        "type",
        "_",
        "None",
        "True",
        "int",
        "str",
        "list",
        "float",
        "print",
        "id",
    ),
    *(
        "model_config",
        "model_fields",
        "model_dump",
        "json",
        "copy",
        "dict",
        "schema",
        "validate",
        "__init__",
        "__mangled",
        "_private",
    ),
    *(
        '"',
        "'",
        '"""',
        "'''",
        "\\",
        "a\nb",
        "a\r\nb",
        "a\tb",
        "\0",
        "{{ 7*7 }}",
        "{% raw %}",
        "{# #}",
        "${now:}",
        "${x}",
        "$(id)",
        "`id`",
    ),
    *(
        "",
        " ",
        "  ",
        "日本語",
        "日本",
        "ﬁ",
        "fi",
        "\uff21",
        "A",
        "a",
        "é",
        "e\u0301",
        "🎉",
        "\u202eabc",
        "\u2028",
        "\ud800",
        "a b",
        "a_b",
        "A B",
        "a-b",
    ),
    *(
        "1st",
        "2",
        "f_2",
        "field",
        "x" * 300,
        "x" * 299 + "y",
        "z" * 10_000,
        "TotalCharges",
        "total_charges",
        "Total Charges",
        "; import os",
        "#",
    ),
]
texts = st.text(max_size=20) | st.sampled_from(HOSTILE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("TotalCharges", "total_charges"),
        ("customerID", "customer_id"),
        ("customerIDs", "customer_ids"),
        ("HTTPServer", "http_server"),
        ("median house-value", "median_house_value"),
        ("PM10Level", "pm10_level"),
        ("H2O", "h2o"),
        ("1stFlrSF", "f_1st_flr_sf"),
        ("Größe (m²)", "groe_m2"),
        ("__init__", "init"),
    ],
)
def test_words_are_lower_case_with_underscores_between_them(text: str, expected: str) -> None:
    assert snake_case(text) == expected


def _good(identifier: str) -> bool:
    return (
        identifier.isidentifier()
        and identifier.isascii()
        and identifier == identifier.lower()
        and not identifier.startswith("_")
        and not keyword.iskeyword(identifier)
        and not keyword.issoftkeyword(identifier)
        and not hasattr(builtins, identifier)
        and not hasattr(BaseModel, identifier)
        and len(identifier) < 140
    )


@given(st.lists(texts, unique=True, max_size=40), st.randoms())
def test_every_name_has_a_good_identifier_of_its_own_whatever_the_order(names: list[str], order: random.Random) -> None:
    made = identifiers(names)

    assert list(made) == names
    assert all(map(_good, made.values()))
    assert len(set(made.values())) == len(names)
    shuffled = order.sample(names, len(names))
    assert identifiers(shuffled) == made


@given(st.lists(texts, unique=True, max_size=20), texts)
def test_a_new_name_changes_only_those_that_are_spelled_alike(names: list[str], new: str) -> None:
    before, after = identifiers(names), identifiers(dict.fromkeys([*names, new]))

    assert all(after[name] == before[name] for name in names if snake_case(name) != snake_case(new))


@given(st.lists(st.sampled_from(["a b", "A B", "a-b", "a_b", "ab"]), unique=True))
def test_a_name_made_to_look_like_the_hash_of_another_is_still_another(names: list[str]) -> None:
    trap = set(identifiers(["a b", "A B", "a-b"]).values())
    made = identifiers(dict.fromkeys([*names, *sorted(trap)]))

    assert len(set(made.values())) == len(made)


def test_the_exact_spelling_keeps_its_name_and_only_the_others_are_marked() -> None:
    made = identifiers(["a_b", "a b", "class", "field", "日本"])

    assert made["a_b"] == "a_b"
    assert made["a b"].startswith("a_b_x")
    assert made["class"] == "class_"
    assert made["field"] == "field"
    assert made["日本"].startswith("field_x")


def test_reserved_names_are_left_free() -> None:
    assert identifiers(["rows", "dt"], reserved={"rows"}) == {"rows": "rows_", "dt": "dt"}
    assert identifiers(["rows"], reserved={"rows", "rows_"})["rows"].startswith("rows_x")


def test_a_name_may_be_there_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        identifiers(["a", "a"])


def test_a_model_of_all_hostile_names_reads_and_writes_them() -> None:
    made = identifiers(name for name in HOSTILE if name != "\ud800")  # which no JSON can hold
    fields = {attribute: (int, Field(alias=name)) for name, attribute in made.items()}
    model = create_model("Model", __config__=ConfigDict(extra="forbid", protected_namespaces=()), **fields)  # type: ignore[call-overload]
    row = {name: number for number, name in enumerate(made)}

    assert model.model_validate(row).model_dump(by_alias=True) == row


def test_two_thousand_names_are_distinct() -> None:
    names = [f"Column {i % 1000}{'_' * (i // 1000)}" for i in range(2000)]

    assert len(set(identifiers(names).values())) == 2000


@given(texts)
def test_a_class_has_a_name_in_camel_case_that_nothing_else_has(text: str) -> None:
    name = class_name(text, reserved={"Row"})

    assert name.isidentifier()
    assert name.isascii()
    assert name[0].isupper()
    assert "_" not in name
    assert not keyword.iskeyword(name)
    assert not hasattr(builtins, name)
    assert name != "Row"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("telco_churn", "TelcoChurn"),
        ("exception", "MyException"),
        ("none", "MyNone"),
        ("row", "MyRow"),
        ("2024", "My2024"),
    ],
)
def test_a_class_is_named_after_the_words(text: str, expected: str) -> None:
    assert class_name(text, reserved={"Row"}) == expected
