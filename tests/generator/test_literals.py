"""Values reach generated Python as literals, and as nothing else."""

import ast
import datetime as dt
import io
import tokenize
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import DictLoader, TemplateAssertionError, UndefinedError
from markupsafe import Markup

from overture.generator.literals import Code, call, comment, doc, environment, literal, name, subscript, union

NASTY = [
    '"',
    "'",
    '"""',
    "'''",
    "\\",
    '\\"""',
    'x"\nimport os #',
    "{{ 7*7 }}",
    "\u202e",
    "\u2028",
    "\r",
    "\0",
    "\ud800",
    "#",
    '""""',
    'a"',
    "a\\",
]
texts = st.text(max_size=30) | st.lists(st.sampled_from([*NASTY, "word", " ", "\n"]), max_size=12).map("".join)
atoms = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts | st.binary(max_size=10)
moments = st.datetimes(
    timezones=st.none()
    | st.sampled_from([dt.UTC, dt.timezone(dt.timedelta(hours=-2)), dt.timezone(dt.timedelta(seconds=5))])
)
values = st.recursive(
    atoms | st.dates() | moments,
    lambda inner: (
        st.lists(inner, max_size=4) | st.lists(inner, max_size=3).map(tuple) | st.dictionaries(texts, inner, max_size=3)
    ),
    max_leaves=12,
)


def _evaluated(source: str) -> Any:
    return eval(source, {"dt": dt})


@given(values)
def test_a_value_comes_back_from_its_literal(value: Any) -> None:
    source = literal(value)
    back = _evaluated(source)

    assert back == value
    assert type(back) is type(value)
    assert source.isprintable()


def test_a_number_that_is_none_can_be_written() -> None:
    assert str(_evaluated(literal(float("nan")))) == "nan"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (dt.date(2024, 1, 31), "dt.date(2024, 1, 31)"),
        (dt.datetime(2024, 1, 31, 12, tzinfo=dt.UTC), "dt.datetime(2024, 1, 31, 12, tzinfo=dt.UTC)"),
        (dt.datetime(2024, 1, 31, 0, 0, 5), "dt.datetime(2024, 1, 31, 0, 0, 5)"),
        ((1,), "(1,)"),
        ("\u202e", "'\\u202e'"),
    ],
)
def test_literals_are_short(value: object, expected: str) -> None:
    assert literal(value) == expected


class _Word(StrEnum):
    A = "a"


@pytest.mark.parametrize("value", [object(), {1, 2}, _Word.A, Markup("x"), len, [object()], {"a": {1}}])
def test_what_is_no_plain_value_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="cannot be written as Python"):
        literal(value)


@pytest.mark.parametrize("text", ["", "a b", "class", "ﬁ", "a;b", "a.", "1a", "a.import", "a\n"])
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        name(text)


def test_annotations_are_built_of_code_and_literals() -> None:
    field = call("Field", ge=0, description='"); import os #')

    assert field == "Field(ge=0, description='\"); import os #')"
    assert subscript("Annotated", union(name("float"), literal(None)), field) == f"Annotated[float | None, {field}]"
    assert subscript("Literal", "a", 1) == "Literal['a', 1]"


def _docstring(source: str, indent: int) -> str:
    tree = ast.parse(f"{'class A:' if indent else ''}\n{' ' * indent}{source}\n")
    body = tree.body[0].body if indent else tree.body  # type: ignore[attr-defined]
    assert len(tree.body) == len(body) == 1
    assert isinstance(body[0], ast.Expr)
    return str(ast.literal_eval(body[0].value))


@given(texts | st.text(max_size=400), st.sampled_from([0, 4, 8]))
def test_any_text_becomes_one_docstring_with_the_same_words(text: str, indent: int) -> None:
    source = doc(text, indent)
    said = _docstring(source, indent)

    assert source.replace("\n", "").isprintable()
    if text.isascii() and text.replace("\n", "").isprintable():
        assert said.split() == text.split()


def test_a_docstring_keeps_its_paragraphs_and_stays_within_the_width() -> None:
    source = doc(f"Train churn:  python train.py\n\n\n\n{'many words ' * 40}\n- one\n- two", 4)

    assert source.startswith('"""Train churn:  python train.py\n\n    many words')
    assert source.endswith('\n    - one\n    - two\n    """')
    assert max(map(len, source.split("\n"))) <= 100


def test_a_short_docstring_is_one_line() -> None:
    assert doc("One row per customer.") == '"""One row per customer."""'
    assert doc('He said "hi"') == '"""He said "hi\\""""'


@given(texts | st.text(max_size=300), st.sampled_from([0, 4]))
def test_any_text_becomes_comments_only(text: str, indent: int) -> None:
    source = comment(text, indent)
    tokens = {token.type for token in tokenize.generate_tokens(io.StringIO(f"{' ' * indent}{source}\n").readline)}

    assert tokens <= {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER}
    assert source.replace("\n", "").isprintable()


@pytest.mark.parametrize(
    "text", ["type: ignore", "noqa", "fmt: off", "-*- coding: latin-1 -*-", "ruff: noqa", "# mypy: ignore-errors"]
)
def test_a_comment_is_no_instruction_to_a_tool(text: str) -> None:
    line = comment(text)

    assert line.startswith('# "')
    assert tokenize.detect_encoding(io.BytesIO(f"{line}\n".encode()).readline)[0] == "utf-8"


EVIL = 'x"\nimport os #'


def _render(template: str, **values: object) -> str:
    return environment(DictLoader({"t": template, "inner": "{{ v }}"})).get_template("t").render(v=EVIL, **values)


@pytest.mark.parametrize(
    "template",
    [
        "{{ v }}",
        "{{ v | upper }}",
        "{{ v ~ v }}",
        "{{ '%s' | format(v) }}",
        "{{ code ~ v }}",
        "{{ v ~ code }}",
        "{{ code + v }}",
        "{{ code.replace('a', v) }}",
        "{{ [v, v] | join }}",
        "{{ [code, v] | join }}",
        "{{ v | replace('x', code) }}",
        "{{ v | list }}",
        "{% autoescape false %}{{ v }}{% endautoescape %}",
        "{% include 'inner' %}",
        "{{ {v: v} }}",
        "{{ '%s' % v }}",
        "{% set x = v %}{{ x }}",
    ],
)
def test_whatever_a_template_does_with_a_value_it_stays_a_literal(template: str) -> None:
    source = _render(template, code=Code("a"))
    names = {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}

    assert names <= {"a"}
    assert not any(isinstance(node, ast.Import) for node in ast.walk(ast.parse(source)))


@pytest.mark.parametrize(
    "template",
    [
        "{% macro m() %}{{ v }}{% endmacro %}{{ m() }}",
        "{% set x %}{{ v }}{% endset %}{{ x }}",
        "{% macro m() %}a{% endmacro %}{{ m() ~ v }}",
        "{{ markup }}",
        "{{ v | indent }}{{ markup | indent }}",
    ],
)
def test_what_jinja_takes_for_ready_text_is_refused(template: str) -> None:
    with pytest.raises(TypeError, match="cannot be written as Python"):
        _render(template, markup=Markup("import os"))


@pytest.mark.parametrize("used", ["safe", "tojson", "e", "escape", "forceescape", "xmlattr", "urlize"])
def test_filters_that_pass_text_as_it_is_are_unknown(used: str) -> None:
    with pytest.raises(TemplateAssertionError, match="No filter"):
        _render(f"{{{{ v | {used} }}}}")


def test_a_missing_value_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        _render("{{ missing }}")


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("x: {{ code }} = {{ 3 }}", "x: a = 3"),
        ("from typing import {{ names | join }}", "from typing import a, b"),
        ("class {{ 'Churn' | name }}:\n    {{ 'd' | doc(4) }}\n", 'class Churn:\n    """d"""\n'),
        ("{{ 'no \" quotes' | comment }}\n", '# no " quotes\n'),
    ],
)
def test_code_is_put_out_as_it_is(template: str, expected: str) -> None:
    assert _render(template, code=Code("a"), names=[Code("a"), Code("b")]) == expected


@pytest.mark.parametrize(
    "operation", [lambda c: c + "x", lambda c: f"{c}", lambda c: c.upper(), lambda c: "".join([c]) + ""]
)
def test_text_made_of_code_is_text_again(operation: Callable[[Code], str]) -> None:
    assert type(operation(Code("a"))) is str
