"""Texts that have broken generators of code before, and specifications full of them."""

from __future__ import annotations

import builtins
import datetime as dt
import keyword
from typing import Any

from hypothesis import strategies as st
from pydantic import BaseModel

from overture.runtime.spec import Spec

RUN = '__import__("builtins").__dict__.update(CANARY=1)'  # leaves a trace wherever it runs
PAYLOADS = (
    f'"); {RUN} #',
    f"'); {RUN} #",
    f'"""\n{RUN}\n"""',
    f"'''\n{RUN}\n'''",
    f'\\"""\n{RUN}\n"""\\',
    f"\n{RUN}\n",
    f"\r{RUN}\r\n",
    f"# type: ignore\n{RUN}",
    f"# -*- coding: utf-7 -*-\n{RUN}",
    f"{{{{ {RUN} }}}}",
    f"{{% raw %}}{RUN}{{% endraw %}}",
    "{{ cycler.__init__.__globals__.os }}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{% endfor %}",
    "{# comment #}",
    "${oc.env:HOME}",
    "${hydra:runtime.cwd}",
    "{self.__class__}",
    "%s %(name)s {0}",
    '"""',
    "'''",
    '"',
    "'",
    "\\",
    "\\\\",
    '\\"',
    "\\N{BULLET}",
    "\\u0022",
    "\x00",
    "\x01\x02",
    "\x1b[2J",
    "\x7f",
    "\x85",
    "\u2028",
    "\u2029",
    "\u202e reversed",
    "\u200b",
    "\ufeff",
    "\u2066\u2069",
    "עברית",
    "日本語",
    "😀👩‍👩‍👧",
    "ﬁ",
    "Ⅷ",
    "$(touch canary)",
    "`touch canary`",
    "; rm -rf x",
    "../../x",
    "C:\\x",
    "- a: [1",
    "!!python/object:os.system",
    "a: b #c",
    "~",
    "null",
    "yes",
    "0",
    "-1",
    "1e5",
    " leading",
    "trailing ",
    "\t",
    "a b",
    "a_b",
    "a-b",
    "A B",
    "a  b",
    "rows",
    "row",
    "field",
    "hooks",
    "bentoml",
    "Annotated",
    "Literal",
    "Field",
    "dt",
    "predict",
    "predictor",
    "Predictor",
    "id",
    "_row",
    "_private",
    "__class__",
    "__init__",
    "__dunder__",
    "x" * 10_000,
    "é" * 300,
)
NAMES = (*PAYLOADS, *keyword.kwlist, *keyword.softkwlist, *dir(builtins), *dir(BaseModel))

any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
texts = st.one_of(st.sampled_from(PAYLOADS), any_text, st.lists(st.sampled_from(PAYLOADS), max_size=3).map("".join))
names = (
    st.one_of(st.sampled_from(NAMES), any_text, st.tuples(st.sampled_from(NAMES), any_text).map("".join))
    .filter(bool)
    .filter(lambda name: name not in ("*", "_row") and not (name.startswith("^") and name.endswith("$")))
)
labels = st.one_of(
    st.lists(texts.filter(bool), min_size=2, max_size=6, unique=True),
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=2, max_size=6, unique=True),
)


@st.composite
def columns(draw: st.DrawFn) -> dict[str, Any]:
    """One column of the contract."""
    kind = draw(st.sampled_from(["integer", "number", "boolean", "category", "text", "timestamp", "date"]))
    column: dict[str, Any] = {"type": kind, "nullable": draw(st.booleans()), "description": draw(texts)}
    if kind == "category" and draw(st.booleans()):
        column["values"] = draw(labels)
    if kind in ("integer", "number") and draw(st.booleans()):
        bounds = sorted(draw(st.tuples(*[st.integers(-(10**15), 10**15)] * 2)))
        column |= dict(zip(("min", "max"), bounds, strict=True))
    if kind == "date" and draw(st.booleans()):
        column["min"] = draw(st.dates())
    if kind == "timestamp" and draw(st.booleans()):
        column["min"] = draw(st.datetimes(min_value=dt.datetime(1900, 1, 1)))
    return column


@st.composite
def specs(draw: st.DrawFn) -> Spec:
    """A whole configuration in which every text a person may choose is hostile."""
    described = draw(st.dictionaries(names, columns(), min_size=1, max_size=8))
    target, key, time, *_ = [*draw(st.lists(names.filter(lambda n: n not in described), min_size=3, unique=True))]
    task = draw(st.sampled_from(["binary", "multiclass", "regression"]))
    pair = draw(st.lists(texts.filter(bool), min_size=2, max_size=2, unique=True))
    answers = {"type": "category", "values": pair} if task != "regression" else {"type": "number"}
    keyed, timed = draw(st.booleans()), draw(st.booleans())
    return spec(
        {
            **described,
            target: answers,
            **({key: {"type": draw(st.sampled_from(["integer", "text"]))}} if keyed else {}),
            **({time: {"type": "timestamp"}} if timed else {}),
        },
        target,
        task,
        description=draw(texts),
        positive=pair[0] if task == "binary" else None,
        data={
            "description": draw(texts),
            "owner": draw(texts),
            "key": key if keyed else None,
            "time": time if timed else None,
            "timezone": draw(st.sampled_from([None, "UTC", "Asia/Kathmandu"])),
            "unknown_category": draw(st.sampled_from(["reject", "missing"])),
        },
    )


def spec(described: dict[str, Any], target: str, task: str, *, data: dict[str, Any] | None = None, **more: Any) -> Spec:
    """A valid configuration with these columns."""
    made = Spec.model_validate(
        {
            "name": "hostile",
            "task": task,
            "target": target,
            "data": {"sources": {"s": {"kind": "csv", "path": "data.csv"}}, "columns": described, **(data or {})},
            "split": {"kind": "random"},
            "model": {"kind": "catboost"},
            "serving": {"http": {}, "batch": {}},
            **more,
        }
    )
    assert made.problems() == []
    return made
