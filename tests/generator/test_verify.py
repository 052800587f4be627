"""The three nets under generated code each catch what they are for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import DictLoader

from overture.generator.literals import environment
from overture.generator.verify import broken, compare, misplaced

ATTACK = '" + __import__("os").system("x") + "'


def _faults(template: str, name: str = "t.py.jinja") -> list[str]:
    return misplaced(environment(DictLoader({name: template})), [name])


@pytest.mark.parametrize(
    "template",
    [
        'y = "{{ v }}"',
        "y = '{{ v }}'",
        'y = """a\n{{ v }}\n"""',
        "# {{ v }}",
        "x = 1  # by {{ v | name }}",
        'y = "{# c #}{{ v }}"',
        'y = f"{ {{ v }} }"',
        "y = f{{ v }}",
        "y = rb{{ v }}",
        "# one\n{{- v }}",
        '{% if a %}"{% else %}"{% endif %}{{ v }}{% if a %}"{% else %}"{% endif %}',
        '{% if a %}"{% endif %}{{ v }}',
        'y = "a\\"{{ v }}"',
        'y = "{% if a %}b{% endif %}"',
        "{% raw %}'{% endraw %}{{ v }}'",
        "{{ v | safe }}",
        "{{ v | tojson }}",
        "{% autoescape false %}{{ v }}{% endautoescape %}",
        "{% macro m() %}{% endmacro %}",
        "{% set x %}{% endset %}",
    ],
)
def test_a_template_that_lets_text_through_is_found(template: str) -> None:
    assert _faults(template)


@pytest.mark.parametrize(
    "template",
    [
        "y = {{ v }}  # a value",
        '"""A docstring."""\n\ny = {{ v }}\nz = "it\'s"\n# it\'s\n{% if a %}\nx = 1\n{% endif %}\n',
        "def test_{{ v | name }}() -> None:\n    {{ v | doc(4) }}\n",
        "{% for a in b %}\n{{ a }}: 'x'\n{% endfor %}",
        "y = r'\\d' + '\\'' + \"\\\\\" + {{ v }}",
    ],
)
def test_a_template_that_puts_values_into_code_is_well(template: str) -> None:
    assert _faults(template) == []


def test_a_fault_has_the_line_it_is_in() -> None:
    assert _faults('{% if a %}\nx = 1\n{% endif %}\n\ny = {{ [1,\n2] }}\nz = "{{ v }}"\n')[0].startswith(
        "t.py.jinja:7: "
    )


def test_only_templates_of_python_may_not_quote() -> None:
    assert _faults('"{{ v }}"', "README.md.jinja") == []


def _quoted(v: str) -> dict[str, str]:
    return {"a.py": f'y = "{v}"\n'}


def test_a_quoted_value_that_becomes_code_has_another_shape() -> None:
    with pytest.raises(ValueError, match="became code"):
        compare(_quoted(ATTACK), _quoted("d"))


@pytest.mark.parametrize(
    ("made", "harmless"),
    [
        ('"""a"""\nimport os\n"""b"""', '"""a"""'),
        ("import os", "import json"),
        ("from os import a", "from json import a"),
        ("x = 1", "x = 'a'"),
        ("f(a, b)", "f(a)"),
        ("[1, [2]]", "[1, 2]"),
        ("# coding: latin-1\nx = 1", "# d\nx = 1"),
        ("def (", "x"),
    ],
)
def test_another_structure_is_found(made: str, harmless: str) -> None:
    with pytest.raises(ValueError, match=r"a\.py"):
        compare({"a.py": made}, {"a.py": harmless})


def test_the_same_files_must_be_there() -> None:
    with pytest.raises(ValueError, match="which files"):
        compare({"a.py": ""}, {"b.py": ""})


TEMPLATE = """\
{{ text | doc }}

{{ text | comment }}
class {{ "Row" | name }}:
    {{ text | doc(4) }}

    {{ attribute }}: str = {{ text }}
    all = [{{ [text, text] | join }}, {{ {text: text} }}]
"""


@given(
    st.text(min_size=1, max_size=60)
    | st.sampled_from([ATTACK, 'x"""\nimport os\n"""', "a\nimport os", "coding: utf-7", "\\"])
)
def test_no_text_changes_the_shape_of_what_is_rendered(text: str) -> None:
    from overture.generator.names import identifiers

    template = environment(DictLoader({"t": TEMPLATE})).get_template("t")
    attribute = template.environment.filters["name"](identifiers([text])[text])
    made = {"a.py": template.render(text=text, attribute=attribute)}

    compare(made, {"a.py": template.render(text="d", attribute=attribute)})
    made["a.py"].encode()


def test_overtures_own_templates_put_values_only_into_code() -> None:
    from jinja2 import PackageLoader

    own = environment(PackageLoader("overture.templates", ""))
    names = [name for name in own.list_templates() if name.endswith(".py.jinja")]

    assert names
    assert misplaced(own, names) == []


MINE = "import math\n\n\ndef area(r):\n    return math.pi * r\n"


def test_a_merge_that_uses_what_nobody_defines_is_found() -> None:
    theirs = "def one():\n    return 1\n"
    merged = "def one():\n    return 1\n\n\ndef area(r):\n    return math.pi * r\n"

    assert broken({"a.py": (MINE, theirs, merged)}) == {"a.py": ["Undefined name `math`"]}


def test_what_was_wrong_before_the_merge_is_not_new() -> None:
    assert (
        broken(
            {"a.py": ("import os\nx = y\n", "z = 1\n", "import os\nx = y\nz = 1\n"), "b.txt": ("", "", "no python (")}
        )
        == {}
    )


def test_a_merge_that_is_no_python_any_more_is_found() -> None:
    assert broken({"a.py": ("x = 1\n", "y = 2\n", "def (\n"), "b.py": ("def (\n", "y = 2\n", "def (\n")}) == {
        "a.py": ["it is no Python any more"]
    }


def test_a_function_that_is_there_twice_is_found() -> None:
    one = "def f():\n    return 1\n"

    assert "f" in broken({"a.py": (one, one, one + "\n\n" + one)})["a.py"][0]
