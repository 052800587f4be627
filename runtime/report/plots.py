"""The figures of each task, drawn from the predictions on the test rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from .. import classes
from ..figures import count, figure, percent
from . import curves
from .marks import LETTER, Axis, Chart, short

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from ..schema import Schema

SHARE = (0.0, 1.0)
MOST_CLASSES = 20
"""Classes a confusion matrix shows; beyond, the ones with most rows."""


@dataclass(frozen=True)
class Figure:
    """A drawing, what it is called, and how to read it."""

    title: str
    svg: str
    reading: str
    """HTML: what comes from the data is escaped."""


def figures(schema: Schema, predictions: pl.DataFrame, threshold: float | None = None) -> Iterator[Figure]:
    """The figures of the schema's task. threshold: of the run, from which a row is called positive; None: 0.5."""
    if schema.task == "regression":
        return _regression(predictions)
    if schema.task == "multiclass":
        return _multiclass(schema, predictions)
    return _binary(schema, predictions, 0.5 if threshold is None else threshold)


def baseline(facts: dict[str, Any]) -> Figure:
    """The objective of the model, with its interval, beside the baseline's."""
    name, scored, other = (
        facts["objective"],
        facts["metrics"][facts["objective"]],
        facts["baseline"][facts["objective"]],
    )
    values = [value for value in (*scored.values(), other) if value is not None]
    low, high = min(values), max(values)
    edge = 0.12 * ((high - low) or abs(high) or 1)
    better = "more is better →" if facts["greater_is_better"] else "← less is better"
    named = Axis(1.6, -0.6, at=(0, 1), words=("model", "baseline"))
    says = f"{name}: model {_shown(scored['value'])}, baseline {_shown(other)}"
    chart = Chart(Axis(low - edge, high + edge, f"{name}    {better}"), named, says, 420, 150, grid="x")
    if other is not None:
        chart.interval((other, -0.6), (other, 1.6), "ideal")
        chart.dot((other, 1), "dot other", 6, f"baseline {figure(other)}")
    if scored["low"] is not None:
        chart.interval((scored["low"], 0), (scored["high"], 0), "interval strong", f"95 % interval: {_range(scored)}")
    if scored["value"] is not None:
        chart.dot((scored["value"], 0), "dot", 6, f"model {figure(scored['value'])}")
    reading = (
        f"The bar is where {name} lies with a confidence of 95 %. The baseline is {escape(facts['baseline_label'])}."
    )
    return Figure("Against the baseline", chart.svg(), reading)


def _binary(schema: Schema, predictions: pl.DataFrame, threshold: float) -> Iterator[Figure]:
    known = schema.classes or []
    place = classes.scoring_order(schema)[-1]
    name = classes.text(known[place])
    number = classes.numbers(predictions["target"], known)
    truth, score = (number == place)[number >= 0], _probabilities(predictions)[number >= 0, place]
    ranked = curves.Ranked.of(truth, score)
    yield roc([ranked.roc()])
    yield _precision_recall(*ranked.precision_recall(), float(truth.mean()), name)
    yield _calibration(curves.calibration(truth, score), name)
    yield _histogram(truth, score, name)
    yield _confusion(schema, predictions, f" A row counts as positive from a probability of {threshold:.4g} on.")


def _multiclass(schema: Schema, predictions: pl.DataFrame) -> Iterator[Figure]:
    known = schema.classes or []
    number = classes.numbers(predictions["target"], known)
    scored = number >= 0
    probabilities = _probabilities(predictions)[scored]
    yield _confusion(schema, predictions)
    right = probabilities.argmax(axis=1) == number[scored]
    yield _calibration(curves.calibration(right, probabilities.max(axis=1)), "the predicted class")


def _regression(predictions: pl.DataFrame) -> Iterator[Figure]:
    import polars as pl

    truth = predictions["target"].cast(pl.Float64).to_numpy()
    predicted = predictions["prediction"].cast(pl.Float64).to_numpy()
    yield _against(truth, predicted)
    yield _errors(predicted - truth)
    yield _spread(curves.spread(predicted - truth, predicted))


def roc(lines: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]], names: Sequence[str] = ()) -> Figure:
    """One curve or two, each as false and true positive rates.

    names: what they are called, as HTML.
    """
    chart = Chart(
        Axis(*SHARE, "false alarms among the negative rows"), Axis(*SHARE, "found among the positive"), "ROC curve"
    )
    chart.line([(0, 0), (1, 1)], "ideal")
    for (wrong, right), style in zip(lines, ("", " other"), strict=False):
        points = list(zip(wrong.tolist(), right.tolist(), strict=True))
        if len(lines) == 1:
            chart.area([*points, (1, 0)])
        chart.line(points, f"line{style}")
    keys = zip(("key", "key other"), names, strict=False)
    named = "".join(f'<i class="{key}"></i> {name} ' for key, name in keys)
    reading = "How many positive rows are found as false alarms are allowed. The dashed line is guessing."
    return Figure("ROC", chart.svg(), f"{named}{reading}")


def _precision_recall(recall: NDArray[np.float64], precision: NDArray[np.float64], rate: float, name: str) -> Figure:
    chart = Chart(
        Axis(*SHARE, "found among the positive (recall)"), Axis(*SHARE, "right (precision)"), "Precision and recall"
    )
    points = list(zip(recall.tolist(), precision.tolist(), strict=True))
    chart.area([(points[0][0], 0), *points, (points[-1][0], 0)])
    chart.line([(0, rate), (1, rate)], "ideal")
    chart.line(points)
    reading = f'How many alarms are right as more of "{escape(name)}" is found. The dashed line is how many rows are, {percent(rate)}.'
    return Figure("Precision and recall", chart.svg(), reading)


def _calibration(bins: curves.Bins, name: str) -> Figure:
    chart = Chart(Axis(*SHARE, "probability predicted"), Axis(*SHARE, "share that came true"), "Calibration")
    chart.line([(0, 0), (1, 1)], "ideal")
    each = zip(
        *(column.tolist() for column in (bins.predicted, bins.middle, bins.low, bins.high, bins.rows)), strict=True
    )
    for predicted, share, low, high, rows in each:
        says = f"predicted {percent(predicted)}, came true {percent(share)} of {count(rows)} rows"
        chart.interval((predicted, low), (predicted, high), says=says)
        chart.dot((predicted, share), says=says)
    reading = (
        f"Can the probability of {_named(name)} be taken at its word? On the dashed line it can. Bars: 95 % intervals."
    )
    return Figure("Calibration", chart.svg(), reading)


def _histogram(truth: NDArray[np.bool_], score: NDArray[np.float64], name: str) -> Figure:
    import numpy as np

    edges = np.linspace(0, 1, 21)
    heights = [np.histogram(score[group], edges)[0] / max(int(group.sum()), 1) for group in (~truth, truth)]
    most = float(max(height.max() for height in heights)) * 1.05
    chart = Chart(
        Axis(*SHARE, f'probability of "{name}"'), Axis(0, most, "share of the rows"), "Probabilities by class"
    )
    for height, style in zip(heights, ("bar other", "bar"), strict=True):
        for left, share in zip(edges[:-1].tolist(), height.tolist(), strict=True):
            if share:
                chart.bar((left + 0.003, 0), (left + 0.047, share), style, percent(share), 0.55)
    reading = f'<i class="key"></i> rows that are "{escape(name)}", <i class="key other"></i> all other rows; the less they overlap, the better.'
    return Figure("Probabilities by class", chart.svg(), reading)


def matrix(schema: Schema, predictions: pl.DataFrame) -> NDArray[np.int64]:
    """(classes, classes) test rows by true class (down) and predicted class (across)."""
    known = schema.classes or []
    truth, predicted = (classes.numbers(predictions[name], known) for name in ("target", "prediction"))
    return curves.confusion(truth, predicted, len(known))


def _confusion(schema: Schema, predictions: pl.DataFrame, decided: str = "") -> Figure:
    import numpy as np

    counts, known = matrix(schema, predictions), [classes.text(label) for label in schema.classes or []]
    shown = np.sort(np.argsort(-counts.sum(axis=1), kind="stable")[:MOST_CLASSES])
    names = [known[place] for place in shown.tolist()]
    rates = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = len(names)
    cells = "How many rows of each class (down) were predicted as which (across)"
    chart = _grid(names, cells)
    for down, true in enumerate(shown.tolist()):
        for across, said in enumerate(shown.tolist()):
            number, rate = int(counts[true, said]), float(rates[true, said])
            style = "bar" if true == said else "bar wrong"
            says = f'{count(number)} rows of "{known[true]}" predicted "{known[said]}"'
            chart.bar((across + 0.03, down + 0.03), (across + 0.97, down + 0.97), style, says, 0.05 + 0.95 * rate)
            if number and size <= 10:
                written = count(number) if size <= 6 else short(number)
                chart.word((across + 0.5, down + 0.5), written, "word on" if rate > 0.5 else "word")
    reading = f"{cells}; strong colour off the diagonal is what is mistaken for what."
    reading += decided
    reading += f" The {size} classes with most rows of {len(known)}." if size < len(known) else ""
    return Figure("Confusion", chart.svg(), reading)


def _grid(names: Sequence[str], says: str) -> Chart:
    middle = [place + 0.5 for place in range(len(names))]
    wide = 290 / len(names)  # pixels of a cell
    across = [_cut(name, int(wide / LETTER)) for name in names] if wide >= 4 * LETTER else [""] * len(names)
    down = [_cut(name, 12) for name in names]
    axes = Axis(0, len(names), "predicted", middle, across), Axis(len(names), 0, "true", middle, down)
    return Chart(*axes, says, height=max(270, 17 * len(names) + 60), grid="")


def _cut(name: str, most: int) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _against(truth: NDArray[np.float64], predicted: NDArray[np.float64]) -> Figure:
    import numpy as np

    low, high = curves.bounds(truth, predicted)
    edges = np.linspace(low, high, 41)
    cells = np.histogram2d(truth, predicted, bins=(edges, edges))[0]
    chart = Chart(Axis(low, high, "true"), Axis(low, high, "predicted"), "Predicted against true values")
    strong = np.sqrt(cells / max(cells.max(), 1))
    for across, up in zip(*(place.tolist() for place in np.nonzero(cells)), strict=True):
        rows = int(cells[across, up])
        corner, opposite = (edges[across], edges[up]), (edges[across + 1], edges[up + 1])
        chart.bar(corner, opposite, "cell", f"{count(rows)} rows", min(0.999, 0.12 + 0.88 * float(strong[across, up])))
    chart.line([(low, low), (high, high)], "ideal")
    beyond = truth.size - int(cells.sum())
    reading = "On the dashed line a prediction is right; the stronger the colour, the more rows."
    reading += f" {count(beyond)} of {count(truth.size)} rows lie beyond the edges." if beyond else ""
    return Figure("Predicted against true", chart.svg(), reading)


def _errors(error: NDArray[np.float64]) -> Figure:
    import numpy as np

    low, high = curves.bounds(error)
    heights, edges = np.histogram(error, np.linspace(low, high, 41))
    chart = Chart(Axis(low, high, "predicted minus true"), Axis(0, float(heights.max()) * 1.05, "rows"), "Errors")
    for place, height in enumerate(heights.tolist()):
        if height:
            chart.bar((edges[place], 0), (edges[place + 1], height), says=f"{count(height)} rows")
    chart.interval((0, 0), (0, float(heights.max()) * 1.05), "ideal")
    reading = (
        f"Half of all errors lie between {figure(np.quantile(error, 0.25))} and {figure(np.quantile(error, 0.75))}."
    )
    return Figure("Errors", chart.svg(), reading)


def _spread(bins: curves.Bins) -> Figure:
    low, high = min(0.0, float(bins.low.min())), max(0.0, float(bins.high.max()))
    edge = 0.05 * ((high - low) or 1)
    first, last = float(bins.predicted.min()), float(bins.predicted.max())
    aside = 0.05 * ((last - first) or 1)
    chart = Chart(
        Axis(first - aside, last + aside, "predicted"),
        Axis(low - edge, high + edge, "predicted minus true"),
        "Errors by size",
    )
    chart.line([(first - aside, 0), (last + aside, 0)], "ideal")
    each = zip(
        *(column.tolist() for column in (bins.predicted, bins.middle, bins.low, bins.high, bins.rows)), strict=True
    )
    for predicted, middle, bottom, top, rows in each:
        says = f"about {figure(predicted)}: median error {figure(middle)}, {count(rows)} rows"
        chart.interval((predicted, bottom), (predicted, top), says=says)
        chart.dot((predicted, middle), says=says)
    reading = "Does it err more where it predicts more? Dots: the median error; bars: the middle half of the errors."
    return Figure("Errors by size of the prediction", chart.svg(), reading)


def _probabilities(predictions: pl.DataFrame) -> NDArray[np.float64]:
    return predictions.select(name for name in predictions.columns if name.startswith("probability: ")).to_numpy()


def _named(name: str) -> str:
    return name if name.startswith("the ") else f'"{escape(name)}"'


def _shown(value: float | None) -> str:
    return "undefined" if value is None else figure(value)


def _range(scored: dict[str, float]) -> str:
    return f"{figure(scored['low'])} to {figure(scored['high'])}"
