"""The figures that explain a model: what its columns are worth, what they add, and how the prediction moves with them."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Any

from ..figures import count, figure
from .marks import NAME, Axis, Chart, Point, short
from .plots import Figure

if TYPE_CHECKING:
    from ..schema import Schema

SHOWN = 15
"""Columns a figure shows; the rest is in the table below it."""
SHADES = 5
"""Steps of colour from the lowest value to the highest."""
STYLES = ("line", "line other", "line wrong", "line good")
ROW = 24
"""Height of a column's line, in pixels."""


def importance(ranked: list[dict[str, Any]], objective: str, repeats: int) -> Figure:
    """By how much the objective gets worse when a column is shuffled, each with its interval."""
    shown = [one for one in ranked if one["value"] is not None][:SHOWN]
    ends = [one[end] for one in shown for end in ("low", "high", "value") if one[end] is not None]
    low, high = min(0.0, *ends), max(1e-9, *ends)
    names = _names([one["column"] for one in shown])
    chart = Chart(Axis(low, high * 1.18, f"{objective} gets worse by"), names, "Importance", 460, 62 + ROW * len(shown))
    for place, one in enumerate(shown):
        says = f"{one['column']}: {figure(one['value'])}"
        chart.bar((0, place - 0.3), (one["value"], place + 0.3), says=says, share=0.55)
        if one["low"] is not None:
            chart.interval((one["low"], place), (one["high"], place), says=f"{says}, {_range(one)}")
    reading = (
        f"By how much {escape(objective)} gets worse when a column of the held-out rows is shuffled ({count(repeats)} times), which"
        " takes away what it tells. Lines: 95 % intervals. Columns that say the same can stand in for each other, and then seem less worth than they are."
    )
    return Figure("What each column is worth", chart.svg(), reading)


def swarm(shap: dict[str, Any], unit: str) -> Figure:
    """What each input added to the raw score of some rows: a dot a row."""
    shown = [one for one in shap["inputs"] if "points" in one][:SHOWN]
    values = [value for one in shown for value, _ in one["points"]]
    low, high = min(0.0, *values), max(0.0, *values)
    edge = 0.04 * ((high - low) or 1)
    across = Axis(low - edge, high + edge, f"added to the {unit}")
    chart = Chart(across, _names([one["input"] for one in shown]), "SHAP values", 460, 62 + ROW * len(shown))
    chart.interval((0, -0.6), (0, len(shown) - 0.4), "ideal")
    shades: dict[str, list[Point]] = {}
    for place, one in enumerate(shown):
        for (value, shade), up in zip(one["points"], _spread([v for v, _ in one["points"]], low, high), strict=True):
            style = "dots plain" if shade is None else f"dots s{min(SHADES - 1, int(shade * SHADES))}"
            shades.setdefault(style, []).append((value, place + up))
    for style in sorted(shades):
        chart.dots(shades[style], style)
    reading = (
        f'Each dot is a row: right of the line the input raised the {escape(unit)}, left of it lowered it. <i class="key s0"></i> low to'
        f' <i class="key s4"></i> high values of the input; <i class="key plain"></i> labels and missing values.'
    )
    return Figure("What each input added", chart.svg(), reading)


def sizes(shap: dict[str, Any], unit: str) -> Figure:
    """The mean size of what each input adds, where there are several classes."""
    shown = shap["inputs"][:SHOWN]
    high = max((one["high"] or 0 for one in shown), default=0) or 1e-9
    chart = Chart(
        Axis(0, high * 1.1, f"mean size, {unit}"),
        _names([one["input"] for one in shown]),
        "SHAP values",
        460,
        62 + ROW * len(shown),
    )
    for place, one in enumerate(shown):
        says = f"{one['input']}: {figure(one['size'])}"
        chart.bar((0, place - 0.3), (one["size"], place + 0.3), says=says, share=0.55)
        chart.interval((one["low"], place), (one["high"], place), says=f"{says}, {_range(one)}")
    reading = (
        "How much each input moves the scores of the classes, on average over rows and classes. Lines: 95 % intervals."
    )
    return Figure("What each input added", chart.svg(), reading)


def dependence(found: list[dict[str, Any]], schema: Schema) -> Iterator[Figure]:
    """How the prediction moves with each column, all on the same scale."""
    numbers = [number for one in found for number in _numbers(one)]
    low, high = min(numbers), max(numbers)
    edge = 0.04 * ((high - low) or abs(high) or 1)
    least = max(low - edge, 0) if schema.classification else low - edge
    for one in found:
        yield _dependence(one, (least, high + edge), schema)


def _numbers(one: dict[str, Any]) -> list[float]:
    means = [value for curve in one["curves"] for value in (*curve["mean"], curve["missing"])]
    values = [value for line in (*one["single"], *one["middle"]) for value in line]
    return [value for value in (*means, *values) if value is not None]


def _dependence(one: dict[str, Any], ends: tuple[float, float], schema: Schema) -> Figure:
    name = one["curves"][0]["name"]
    what = {"binary": f'probability of "{name}"', "multiclass": "probability"}.get(schema.task, "prediction")
    chart = Chart(_across(one), Axis(*ends, what), f"{one['column']}: {what}", bottom=38)
    places = (
        [float(place) for place in one["at"]] if one["kind"] != "label" else list(map(float, range(len(one["at"]))))
    )
    (_labels if one["kind"] == "label" else _lines)(chart, one, places)
    for curve, style in zip(one["curves"], STYLES, strict=False):
        if curve["missing"] is not None:
            missing = (chart.x.low, curve["missing"]), (chart.x.high, curve["missing"])
            chart.interval(*missing, "ideal", says=f"missing: {figure(curve['missing'])}")
        if one["kind"] != "label":
            chart.line(zip(places, curve["mean"], strict=True), f"{style} strong")
    return Figure(one["column"], chart.svg(), _reading(one, schema))


def _lines(chart: Chart, one: dict[str, Any], places: list[float]) -> None:
    for line in one["single"]:
        chart.line(zip(places, line, strict=True), "single")
    for curve in one["curves"]:
        for place, value, rows in zip(places, curve["mean"], one["rows"], strict=True):
            chart.dot((place, value), "spot", 7, f"{short(place)}: {figure(value)}; about {count(rows)} rows")


def _labels(chart: Chart, one: dict[str, Any], places: list[float]) -> None:
    several = len(one["curves"])
    for number, curve in enumerate(one["curves"]):
        colour = STYLES[number].removeprefix("line").strip()
        for i, (place, value) in enumerate(zip(places, curve["mean"], strict=True)):
            at = place + (number - (several - 1) / 2) * 0.16
            says = f"{one['at'][i]}: {figure(value)}; {count(one['rows'][i])} rows"
            if one["middle"]:
                ends = one["middle"][i]
                chart.interval((at, ends[0]), (at, ends[1]), "interval strong", says)
            chart.dot((at, value), f"dot {colour}".strip(), 4.5, says)


def _across(one: dict[str, Any]) -> Axis:
    if one["kind"] == "label":
        most = max(3, int(46 / len(one["at"])))
        words = [label if len(label) <= most else f"{label[: most - 1]}…" for label in one["at"]]
        return Axis(-0.6, len(words) - 0.4, "", list(range(len(words))), words)
    low, high = float(one["at"][0]), float(one["at"][-1])
    aside = 0.02 * ((high - low) or 1)
    if one["kind"] == "number":
        return Axis(low - aside, high + aside)
    from datetime import UTC, datetime

    ends = [low, (low + high) / 2, high]
    days = [datetime.fromtimestamp(end, UTC).strftime("%Y-%m-%d") for end in ends]
    return Axis(low - 4 * aside, high + 4 * aside, "", ends, days)


def _reading(one: dict[str, Any], schema: Schema) -> str:
    missing = " Dashed: where it is missing." if one["curves"][0]["missing"] is not None else ""
    if schema.task == "multiclass":
        keys = [style.removeprefix("line").strip() for style in STYLES]
        told = zip(one["curves"], keys, strict=False)
        return "; ".join(f'<i class="key {key}"></i> {escape(curve["name"])}' for curve, key in told) + f".{missing}"
    if one["kind"] == "label":
        return f"Dots: the mean over rows that are all given the label; bars: where 80 % of them lie.{missing}"
    return f"Strong line: the mean over rows that are all given the value; thin lines: single rows.{missing}"


def _names(names: list[str]) -> Axis:
    words = [name if len(name) <= NAME else f"{name[: NAME - 1]}…" for name in names]
    return Axis(len(names) - 0.4, -0.6, at=range(len(names)), words=words)


def _spread(values: list[float], low: float, high: float) -> list[float]:
    """How far up or down each dot is moved, so that those at the same place are seen."""
    bins: dict[int, int] = {}
    moved = []
    for value in values:
        place = int(80 * (value - low) / ((high - low) or 1))
        nth = bins[place] = bins.get(place, -1) + 1
        moved.append((1 if nth % 2 else -1) * min(0.4, ((nth + 1) // 2) * 0.07))
    return moved


def _range(one: dict[str, Any]) -> str:
    return f"{figure(one['low'])} to {figure(one['high'])}"
