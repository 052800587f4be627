"""Names and values come back from YAML exactly as they went in."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from overture.generator import yaml_text
from overture.runtime.config import words
from overture.runtime.errors import Mistake

STRINGS = st.one_of(
    st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    st.text(alphabet="\\${}\"':#, \n\t-?!&*|>%@`=[]~yYnNoOfF0123456789.eE_+a"),
    st.sampled_from(
        [
            "on",
            "No",
            "yes",
            "12:30",
            "010",
            "1e3",
            "~",
            "null",
            "=",
            "<<",
            "2024-01-31",
            "-",
            "- a",
            "? a",
            "a: b",
            "a #b",
            "#",
            "&a",
            "*a",
            "!a",
            "%a",
            "@a",
            "`a",
            "|",
            ">",
            "'",
            '"',
            "''",
            "${oc.env:HOME}",
            "\\${x}",
            "a\\",
            "\\\\",
            "0x1F",
            "1_000",
            ".inf",
            ".nan",
            "",
            " ",
            " a",
            "a ",
            "a\u202eb",
            "\u200f",
            "\ufeff",
            "\u2028",
            "\x85",
            "\x00",
            "\x7f",
            "😀",
            "日本語",
            "ﬁ",
            "é",
            "a" * 3000,
            "🎉" * 400,
        ]
    ),
).filter(lambda value: value != "???")
VALUES = st.one_of(STRINGS, st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.none())

CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def back(document: str) -> object:
    return OmegaConf.to_container(OmegaConf.create(document), resolve=True)


@CALM
@given(STRINGS, STRINGS)
@example("a.b", "${a}")
@example("???", "y")
def test_names_and_texts_come_back_the_same(name: str, value: str) -> None:
    assert back(yaml_text.entry(name, yaml_text.text(value)) + "\n") == {name: value}


@CALM
@given(
    st.dictionaries(STRINGS, st.one_of(VALUES, st.lists(VALUES), st.dictionaries(STRINGS, VALUES)), min_size=1),
    st.booleans(),
)
def test_values_of_any_depth_come_back_the_same(value: dict[str, object], wrap: bool) -> None:
    written = yaml_text.wrapped(value, 4, 20) if wrap else yaml_text.flow(value)

    assert back(yaml_text.entry("columns", "\n" + yaml_text.entry("x", written, 2)) + "\n") == {"columns": {"x": value}}


@CALM
@given(STRINGS)
def test_a_comment_ends_with_its_line(said: str) -> None:
    assert back(f"a: 1{yaml_text.comment(said)}\nb: 2\n") == {"a": 1, "b": 2}


@CALM
@given(st.lists(st.text(alphabet="abc Ä(", min_size=1, max_size=30), min_size=20, max_size=60))
def test_long_lists_keep_within_the_width(labels: list[str]) -> None:
    written = yaml_text.wrapped({"type": "category", "values": labels}, 6, 20)

    assert max(len(line) for line in (" " * 20 + written).splitlines()) <= yaml_text.WIDTH + 2
    assert back(f"a: {written}\n") == {"a": {"type": "category", "values": labels}}


@pytest.mark.parametrize("word", ["No", "010", "12:30", "1e3", "on", "~", ""])
def test_words_that_yaml_changes_are_quoted(word: str) -> None:
    assert words.changed(word) is not None
    assert yaml_text.text(word) == f'"{word}"'


@pytest.mark.parametrize(
    "word", ["tenure", "One year", "Bank transfer (automatic)", "Month-to-month", "Größe", "a<=50K", "Rock & Roll"]
)
def test_ordinary_words_stand_plain(word: str) -> None:
    assert yaml_text.text(word) == word == yaml_text.key(word)


def test_three_question_marks_cannot_be_a_value() -> None:
    with pytest.raises(Mistake, match=r"\?\?\? cannot be written"):
        yaml_text.text("???")


def test_hydra_reads_names_and_texts_as_they_were(tmp_path: Path) -> None:
    from hydra import compose, initialize_config_dir

    hard = [
        "a.b",
        "${x}",
        "No",
        "12:30",
        "=",
        "\\${y}",
        "a\\",
        "x" * 2000,
        "\u202e",
        "😀",
        "a: b",
        "'",
        '"',
        "???",
        "defaults",
        "@package",
    ]
    (tmp_path / "data").mkdir()
    (tmp_path / "config.yaml").write_text("defaults: [_self_, {data: x}]\n", encoding="utf-8")
    lines = [
        yaml_text.entry(word, yaml_text.flow({"type": word if word != "???" else "", "v": [1.5]}), 2) for word in hard
    ]
    (tmp_path / "data" / "x.yaml").write_text("columns:\n" + "\n".join(lines) + "\n", encoding="utf-8")

    with initialize_config_dir(str(tmp_path), version_base="1.3"):
        config = OmegaConf.to_container(compose("config"), resolve=True)

    assert config == {"data": {"columns": {word: {"type": word if word != "???" else "", "v": [1.5]} for word in hard}}}
