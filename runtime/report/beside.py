"""Two runs beside each other, as one page in the style of the report."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Any

from .. import classes
from ..figures import count, counted, figure, percent
from . import curves
from .html import document, number, panel, table
from .marks import NAME, Axis, Chart
from .plots import Figure, roc

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from ..runs.beside import Beside, Score
    from ..runs.run import Run
    from ..schema import Schema

MOST = 15
"""Columns whose worth is drawn, and rows on which they disagree that are shown."""


def page(pair: Beside) -> str:
    """The HTML of a comparison; the same runs give the same bytes."""
    schema = pair.first.schema()
    sections = [
        ("Scores", _scores(pair)),
        ("Where they disagree", _apart(pair, schema)),
        ("What they look at", _importance(pair)),
        ("What differs in the configuration", _differing(pair, pair.settings)),
        ("What else went in", _differing(pair, pair.inputs)),
    ]
    made = [(title, "".join(parts)) for title, parts in sections]
    body = [*_top(pair), *(f"<section><h2>{title}</h2>{text}</section>" for title, text in made if text)]
    return document(f"{pair.first.name} {pair.first.id} {pair.second.id}", body)


def verdict(pair: Beside) -> tuple[str, str]:
    """Which is better in the objective of the first: a word for the colour, and a sentence."""
    first, second = _names(pair)
    gain = _objective(pair).gain if pair.scores else None
    if gain is None:
        return "open", "Which is better cannot be said: they were not judged on the same rows."
    if gain.low > 0:
        return "good", f"{first} is better than {second}."
    if gain.high < 0:
        return "good", f"{second} is better than {first}."
    return "open", "No clear difference between them."


def _top(pair: Beside) -> Iterator[str]:
    first, second = _names(pair)
    colour, sentence = verdict(pair)
    yield f'<header><h1>{escape(pair.first.name)}</h1><p class="lead">{escape(first)} beside {escape(second)}</p>'
    told = [f"<code>{run.id}</code> {escape(run.model)}, {run.created[:10]}" for run in (pair.first, pair.second)]
    yield f'<p class="facts">{" · ".join(told)}</p></header>'
    rows = (
        f"{counted(pair.rows[0].height, 'row')}: {pair.why}." if pair.rows else f"{pair.why[0].upper()}{pair.why[1:]}."
    )
    said = "".join(f"<p>{escape(text)}</p>" for text in (_plain(pair), rows) if text)
    yield f'<div class="hero"><div><p class="verdict {colour}">{escape(sentence)}</p>{said}</div>'
    yield f"{panel(_gain(pair), titled=False)}</div>" if _objective(pair).gain else "</div>"


def _plain(pair: Beside) -> str:
    one = _objective(pair)
    if one.gain is None or one.first is None or one.second is None:
        return ""
    first, second = _names(pair)
    better, gain = (first, one.gain) if one.gain.value >= 0 else (second, one.gain.turned)
    return (
        f"{one.name}: {figure(one.first)} for {first}, {figure(one.second)} for {second}. On these rows {better} is better by"
        f" {gain}, with a confidence of 95 %, paired over the rows."
    )


def _gain(pair: Beside) -> Figure:
    """By how much the first is better in the objective, beside no difference."""
    one = _objective(pair)
    low, high = (one.gain.low, one.gain.high) if one.gain else (0.0, 0.0)
    ends = min(low, 0.0), max(high, 0.0)
    edge = 0.15 * ((ends[1] - ends[0]) or 1)
    first, second = _names(pair)
    up = Axis(0.8, -0.8, at=(), words=())
    chart = Chart(
        Axis(ends[0] - edge, ends[1] + edge, f"better in {one.name} by"), up, "The difference", 420, 130, grid="x"
    )
    chart.interval((0, -0.8), (0, 0.8), "ideal")
    if one.gain:
        chart.interval((low, 0), (high, 0), "interval strong", f"{figure(low)} to {figure(high)}")
        chart.dot((one.gain.value, 0), "dot", 6, figure(one.gain.value))
    reading = f"Right of the dashed line {escape(first)} is better, left of it {escape(second)}. The bar: a confidence of 95 %."
    return Figure("The difference", chart.svg(), reading)


def _scores(pair: Beside) -> Iterator[str]:
    first, second = _names(pair)
    rows = []
    for one in pair.scores:
        cells = [escape(one.name), number(one.first), number(one.second)]
        if one.gain is None:
            rows.append([*cells, "", ""])
            continue
        colour = "good" if one.gain.low > 0 else "poor" if one.gain.high < 0 else ""
        said = {"good": "better", "poor": "worse"}.get(colour, "not clear")
        rows.append([*cells, escape(str(one.gain)), f'<span class="{colour}">{said}</span>'])
    yield table(
        ["metric", escape(first), escape(second), "first better by", ""], rows, numbers=(1, 2, 3), style="first-row"
    )
    if pair.rows is None:
        yield '<p class="facts">As each run recorded them, on rows of its own: the differences may be those of the rows.</p>'


def _apart(pair: Beside, schema: Schema) -> Iterator[str]:
    if pair.rows is None or (schema.classification and schema.classes != pair.second.schema().classes):
        return
    yield from (_labels if schema.classification else _values)(pair, *pair.rows, schema)


def _labels(pair: Beside, ours: pl.DataFrame, theirs: pl.DataFrame, schema: Schema) -> Iterator[str]:
    import numpy as np

    (first, second), names = (_own(frame, schema) for frame in (ours, theirs)), _names(pair)
    right = [(frame["prediction"] == frame["target"]).to_numpy() for frame in (ours, theirs)]
    cells = [(right[0] & right[1]), (right[0] & ~right[1]), (~right[0] & right[1]), (~right[0] & ~right[1])]
    told = ["both are right", f"only {names[0]} is right", f"only {names[1]} is right", "both are wrong"]
    rows = [
        [escape(text), count(int(cell.sum())), percent(float(cell.mean()))]
        for text, cell in zip(told, cells, strict=True)
    ]
    drawn = [panel(_curves(pair, schema))] if schema.task == "binary" else []
    yield f'<div class="grid"><div>{table(["", "rows", "share"], rows, numbers=(1, 2))}</div>{"".join(drawn)}</div>'
    order = np.argsort(-np.abs(first - second), kind="stable")[:MOST]
    said = [(frame["prediction"], own) for frame, own in ((ours, first), (theirs, second))]
    shown = [
        [f"{escape(classes.text(labels[i]))} <small>{figure(own[i])}</small>" for labels, own in said]
        for i in order.tolist()
    ]
    yield "<h3>Rows on which they are furthest apart</h3>"
    yield _rows(pair, schema, ours, order, shown)
    yield '<p class="facts">Beside each label: the probability that was given to what was true.</p>'


def _values(pair: Beside, ours: pl.DataFrame, theirs: pl.DataFrame, schema: Schema) -> Iterator[str]:
    import numpy as np

    first, second = (frame["prediction"].to_numpy().astype(float) for frame in (ours, theirs))
    order = np.argsort(-np.abs(first - second), kind="stable")[:MOST]
    shown = _rows(pair, schema, ours, order, [[figure(first[i]), figure(second[i])] for i in order.tolist()])
    apart = f"<div><h3>Rows on which they are furthest apart</h3>{shown}</div>"
    yield f'<div class="grid">{panel(_cloud(first, second, pair))}{apart}</div>'


def _rows(pair: Beside, schema: Schema, ours: pl.DataFrame, order: NDArray[np.int64], shown: list[list[str]]) -> str:
    """Some rows: their number, the key, what was true, and what both said, in HTML."""
    column = schema.key_column
    keyed = schema.key in ours.columns and column is not None and not column.personal
    hidden = schema.target_column.personal
    rows = []
    for place, said in zip(order.tolist(), shown, strict=True):
        key = [escape(str(ours[str(schema.key)][place]))] if keyed else []
        value = ours["target"][place]
        true = "" if hidden else escape(figure(value) if isinstance(value, float) else classes.text(value))
        rows.append([count(int(ours["_row"][place])), *key, true, *(["", ""] if hidden else said)])
    head = ["row", *([escape(str(schema.key))] if keyed else []), "true", *map(escape, _names(pair))]
    return table(head, rows, numbers=(0,))


def _own(frame: pl.DataFrame, schema: Schema) -> NDArray[np.float64]:
    """The probability that each row's true class was given; nan for a class that nobody learned."""
    import numpy as np

    known = schema.classes or []
    places = classes.numbers(frame["target"], known)
    shares = frame.select(f"probability: {classes.text(label)}" for label in known).to_numpy()
    found: NDArray[np.float64] = np.where(places >= 0, shares[np.arange(len(places)), np.maximum(places, 0)], 0.0)
    return found


def _curves(pair: Beside, schema: Schema) -> Figure:
    known = schema.classes or []
    place = classes.scoring_order(schema)[-1]
    lines = []
    for frame in pair.rows or ():
        truth = classes.numbers(frame["target"], known)
        score = frame[f"probability: {classes.text(known[place])}"].to_numpy()[truth >= 0]
        lines.append(curves.Ranked.of((truth == place)[truth >= 0], score).roc())
    return roc(lines, [escape(name) for name in _names(pair)])


def _cloud(first: NDArray[np.float64], second: NDArray[np.float64], pair: Beside) -> Figure:
    import numpy as np

    names = _names(pair)
    low, high = curves.bounds(first, second)
    edges = np.linspace(low, high, 41)
    cells = np.histogram2d(first, second, bins=(edges, edges))[0]
    strong = np.sqrt(cells / max(cells.max(), 1))
    chart = Chart(Axis(low, high, names[0]), Axis(low, high, names[1]), "Predictions of both")
    for across, up in zip(*(place.tolist() for place in np.nonzero(cells)), strict=True):
        corner, opposite = (edges[across], edges[up]), (edges[across + 1], edges[up + 1])
        share = min(0.999, 0.12 + 0.88 * float(strong[across, up]))
        chart.bar(corner, opposite, "cell", counted(int(cells[across, up]), "row"), share)
    chart.line([(low, low), (high, high)], "ideal")
    reading = f"On the dashed line both predict the same. On average they are {figure(float(np.abs(first - second).mean()))} apart."
    return Figure("Predictions of both", chart.svg(), reading)


def _importance(pair: Beside) -> Iterator[str]:
    """What the columns are worth to each; where one was not explained, the shares that the models say themselves."""
    worth = [_worth(run) for run in (pair.first, pair.second)]
    explained = all(worth) and pair.first.facts["objective"] == pair.second.facts["objective"]
    if not explained:
        shares = [run.facts["importance"] for run in (pair.first, pair.second)]
        worth = [{name: (value or 0.0, None, None) for name, value in one.items()} for one in shares]
    if not all(worth):
        return
    most = {name: max(one.get(name, (0.0,))[0] for one in worth) for one in worth for name in one}
    names = sorted(most, key=lambda name: (-most[name], name))[:MOST]
    values = [end for one in worth for name in names for end in one.get(name, ()) if end is not None]
    low, high = min(0.0, *values), max(1e-9, *values)
    words = [name if len(name) <= NAME else f"{name[: NAME - 1]}…" for name in names]
    unit = f"{pair.first.facts['objective']} gets worse by" if explained else "share"
    up = Axis(len(names) - 0.4, -0.6, at=range(len(names)), words=words)
    chart = Chart(Axis(low, high * 1.05, unit), up, "What both look at", 620, 62 + 26 * len(names))
    for place, name in enumerate(names):
        for one, style, aside in zip(worth, ("", " other"), (-0.15, 0.15), strict=True):
            value, least, highest = one.get(name, (0.0, None, None))
            if least is not None and highest is not None:
                chart.interval((least, place + aside), (highest, place + aside), f"interval{style}")
            chart.dot((value, place + aside), f"dot{style}", 4, f"{name}: {figure(value)}")
    first, second = map(escape, _names(pair))
    way = (
        "By how much the objective gets worse when a column is shuffled; lines: 95 % intervals."
        if explained
        else "Shares that the models say themselves."
    )
    yield panel(
        Figure("", chart.svg(), f'<i class="key"></i> {first} <i class="key other"></i> {second}. {way}'), titled=False
    )


def _worth(run: Run) -> dict[str, tuple[float, float | None, float | None]]:
    found = (run.explanations() or {}).get("importance") or ()
    return {one["column"]: (one["value"] or 0.0, one["low"], one["high"]) for one in found}


def _differing(pair: Beside, both: dict[str, tuple[Any, Any]]) -> Iterator[str]:
    if not both:
        yield "<p>Nothing.</p>"
        return
    rows = [[escape(name), *(f"<code>{escape(_said(one))}</code>" for one in values)] for name, values in both.items()]
    yield table(["", *map(escape, _names(pair))], rows)


def _said(value: Any) -> str:
    return "not set" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _objective(pair: Beside) -> Score:
    name = pair.first.facts["objective"]
    return next((one for one in pair.scores if one.name == name), pair.scores[0])


def _names(pair: Beside) -> tuple[str, str]:
    """What the two are called: by their models where these differ."""
    if pair.first.model != pair.second.model:
        return pair.first.model, pair.second.model
    return f"{pair.first.model} {pair.first.id[:6]}", f"{pair.second.model} {pair.second.id[:6]}"
