"""Figures of a sweep: every job as a line through its values, and the scores in the order in which they came."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..figures import figure
from ..report.marks import Axis, Chart, short
from .leaderboard import brief, named
from .values import Values

MOST_KEYS, MOST_LINES, MOST_LABELS = 9, 400, 12
DECADES = 20
"""From so many times the smallest value on, a scale is logarithmic."""


def parallel(values: Values, score: str, more: bool) -> str:
    """Each job as a line from value to value to its score; the best tenth stands out, the best most.

    score: what it is called; its best end is on top. more: is more of it better?
    """
    keys = [*(values.importance or values.keys)][:MOST_KEYS]
    names = named(keys)
    shown = values.scores[:MOST_LINES]
    scales = [_scale(values, key) for key in keys]
    words = [*(names[key] for key in keys), score]
    last = len(keys)
    chart = Chart(
        Axis(
            -0.35,
            last + 0.35,
            at=range(last + 1),
            words=[word if len(word) < 20 else f"{word[:19]}…" for word in words],
        ),
        Axis(-0.07, 1.07, at=()),
        f"{len(shown)} jobs by {', '.join(words)}",
        max(420, 130 * (last + 1)),
        330,
        grid="x",
    )
    heights = [*scales, _numbers(list(values.scores)) if more else _upside_down(_numbers(list(values.scores)))]
    top = max(1, round(len(shown) / 10))
    for place in range(len(shown) - 1, -1, -1):
        style = "line" if place == 0 else "line near" if place < top else "line far"
        points = [(float(at), height[0][place]) for at, height in enumerate(heights)]
        chart.line(points, style, says=_told(values, keys, place, score))
    for at, (_, ticks) in enumerate(heights):
        for height, word in ticks:
            chart.word((at, height), word, "tick", "start", (5, 4))
    return chart.svg()


def history(numbers: Sequence[int], scores: Sequence[float], score: str, more: bool) -> str:
    """The score of each trial in the order in which they came, and the best so far as a line."""
    pairs = sorted(zip(numbers, scores, strict=True))
    low, high = min(scores), max(scores)
    edge = 0.06 * ((high - low) or abs(high) or 1)
    chart = Chart(
        Axis(-0.5, pairs[-1][0] + 0.5, "trial"), Axis(low - edge, high + edge, score), f"{score} by trial", 460, 260
    )
    best, line = pairs[0][1], []
    for number, value in pairs:
        line.append((float(number), best))
        best = max(best, value) if more else min(best, value)
        line.append((float(number), best))
    chart.line([*line, (float(pairs[-1][0]), best)])
    for number, value in pairs:
        chart.dot((number, value), "dot other", says=f"trial {number}: {figure(value)}")
    return chart.svg()


def _told(values: Values, keys: Sequence[str], place: int, score: str) -> str:
    names = named(keys)
    said = [f"{names[key]} {brief(values.keys[key][place])}" for key in keys]
    return f"{values.jobs[place].number}: {score} {figure(values.scores[place])}, {', '.join(said)}"


Scale = tuple[list[float], list[tuple[float, str]]]
"""How high each value stands, from 0 to 1, and what is written where."""


def _scale(values: Values, key: str) -> Scale:
    numbers = values.numbers(key)
    return _numbers(numbers) if numbers is not None else _labels(values.keys[key])


def _numbers(numbers: Sequence[float]) -> Scale:
    low, high = min(numbers), max(numbers)
    log = low > 0 and high / low >= DECADES
    turned = [math.log(number) for number in numbers] if log else list(numbers)
    first, span = min(turned), (max(turned) - min(turned)) or 1.0
    middle = math.exp(first + span / 2) if log else low + (high - low) / 2
    ticks = (
        [(0.0, short(low)), (0.5, short(float(f"{middle:.3g}"))), (1.0, short(high))]
        if high > low
        else [(0.0, short(low))]
    )
    return [(number - first) / span for number in turned], ticks


def _upside_down(scale: Scale) -> Scale:
    heights, ticks = scale
    return [1 - height for height in heights], [(1 - height, word) for height, word in ticks]


def _labels(labels: Sequence[str]) -> Scale:
    distinct = sorted(set(labels), key=lambda label: (label != "", label))
    step = 1 / max(1, len(distinct) - 1)
    heights = {label: place * step for place, label in enumerate(distinct)}
    shown = distinct if len(distinct) <= MOST_LABELS else []
    return [heights[label] for label in labels], [(heights[it], (it or "—")[:16]) for it in shown]
