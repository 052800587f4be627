"""The marks that figures are drawn with, as SVG text: line, dot, bar, interval, cell, word.

Colours come from the page's classes, so that a figure follows dark and light. Nothing here knows a clock or a counter:
the same numbers give the same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from html import escape

from ..figures import figure

Point = tuple[float, float]
NAME = 24
"""Letters of a name that are shown beside a bar."""
LETTER = 7.0
"""About how wide a letter beside a tick is, in pixels."""


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers from low to high: steps of 1, 2 or 5 times a power of ten.

    Ends so close that their numbers could hardly be told apart get one tick.

    assert ticks(0, 1) == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    span = high - low
    if not span > 1e-9 * max(abs(low), abs(high)):
        return [low]
    power = 10 ** math.floor(math.log10(span / about))
    step = next(power * factor for factor in (1, 2, 5, 10) if span / (power * factor) <= about)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def short(number: float, digits: int = 4) -> str:
    """A number beside a tick.

    assert [short(x) for x in (0.2, 0.30000000000000004, 250000.0, -4.0)] == ["0.2", "0.3", "250k", "-4"]
    """
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= 10 * size or (abs(number) >= size and letter != "k"):
            return f"{number / size:.{digits}g}{letter}"
    return f"{number:.{digits}g}" if abs(number) > 1e-12 else "0"


def told_apart(numbers: Sequence[float]) -> list[str]:
    """Numbers beside ticks, with as many digits as tell them apart.

    assert told_apart([0.69321, 0.69322]) == ["0.69321", "0.69322"]
    """
    digits = range(4, 13)
    return next(
        (found for it in digits if len(set(found := [short(number, it) for number in numbers])) == len(numbers)),
        [short(number) for number in numbers],
    )


@dataclass(frozen=True)
class Axis:
    """One direction of a figure: from the low to the high value, with a name and ticks."""

    low: float
    high: float
    name: str = ""
    at: Sequence[float] | None = None
    """Where ticks are; None: at round numbers."""
    words: Sequence[str] | None = None
    """What ticks say; None: the numbers."""

    @property
    def marks(self) -> list[tuple[float, str]]:
        """Each tick: where, and what it says."""
        places = list(ticks(self.low, self.high)) if self.at is None else list(self.at)
        return list(zip(places, self.words or told_apart(places), strict=True))


@dataclass
class Chart:
    """A figure under way. Coordinates are those of its axes; `says` is read aloud where nobody sees it."""

    x: Axis
    y: Axis
    says: str
    width: int = 380
    height: int = 270
    bottom: int = 38
    grid: str = "xy"
    """The directions in which ticks draw a line."""
    parts: list[str] = field(default_factory=list)
    left: int = field(init=False)
    """Room for what the ticks of the y axis say."""

    def __post_init__(self) -> None:
        said = max((len(text) for _, text in self.y.marks), default=0)
        self.left = (20 if self.y.name else 4) + 10 + round(LETTER * said)

    def line(self, points: Iterable[Point], style: str = "line", says: str = "") -> None:
        """Points joined by a line."""
        end = f">{_title(says)}</polyline>" if says else "/>"
        self.parts.append(f'<polyline class="{style}" points="{self._path(points)}"{end}')

    def area(self, points: Iterable[Point], style: str = "area") -> None:
        """The inside of a line that closes."""
        self.parts.append(f'<polygon class="{style}" points="{self._path(points)}"/>')

    def dot(self, at: Point, style: str = "dot", radius: float = 3, says: str = "") -> None:
        """One value."""
        x, y = self._place(at)
        self.parts.append(f'<circle class="{style}" cx="{x}" cy="{y}" r="{radius:g}">{_title(says)}</circle>')

    def dots(self, places: Iterable[Point], style: str = "dots") -> None:
        """Many values alike, as one mark; the style says how thick and what colour the strokes are."""
        path = "".join(f"M{x} {y}h0" for x, y in map(self._place, places))
        self.parts.append(f'<path class="{style}" d="{path}"/>')

    def bar(self, corner: Point, opposite: Point, style: str = "bar", says: str = "", share: float = 1) -> None:
        """A filled rectangle; `share` of 0 to 1 is how strong its colour is, which makes it a cell of a heat map."""
        (left, top), (right, low) = self._at(corner), self._at(opposite)
        x, y, wide, high = min(left, right), min(top, low), abs(right - left), abs(low - top)
        strength = "" if share >= 1 else f' fill-opacity="{share:.3g}"'
        box = f'x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}"'
        self.parts.append(f'<rect class="{style}" {box}{strength}>{_title(says)}</rect>')

    def interval(self, low: Point, high: Point, style: str = "interval", says: str = "") -> None:
        """From where to where a value may lie."""
        (x1, y1), (x2, y2) = self._place(low), self._place(high)
        box = f'x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"'
        self.parts.append(f'<line class="{style}" {box}>{_title(says)}</line>')

    def word(self, at: Point, text: str, style: str = "word", anchor: str = "middle", by: Point = (0, 4)) -> None:
        """Text at a place, moved by some pixels."""
        x, y = self._at(at)
        where = f'x="{x + by[0]:.1f}" y="{y + by[1]:.1f}" text-anchor="{anchor}"'
        self.parts.append(f'<text class="{style}" {where}>{escape(text)}</text>')

    def svg(self) -> str:
        """The figure as an inline SVG element."""
        box = f'viewBox="0 0 {self.width} {self.height}"'
        size = f'style="max-width: {1.3 * self.width:.0f}px"'
        return "".join(
            [f'<svg {box} {size} role="img" aria-label="{escape(self.says)}">', *self._axes(), *self.parts, "</svg>"]
        )

    def _axes(self) -> Iterable[str]:
        right, floor = self.width - 10, self.height - self.bottom
        for at, text in self.x.marks:
            x = self._at((at, self.y.low))[0]
            if "x" in self.grid:
                yield f'<line class="grid" x1="{x:.1f}" y1="10" x2="{x:.1f}" y2="{floor}"/>'
            yield f'<text class="tick" x="{x:.1f}" y="{floor + 15}" text-anchor="middle">{escape(text)}</text>'
        for at, text in self.y.marks:
            y = self._at((self.x.low, at))[1]
            if "y" in self.grid:
                yield f'<line class="grid" x1="{self.left}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}"/>'
            yield f'<text class="tick" x="{self.left - 6}" y="{y + 4:.1f}" text-anchor="end">{escape(text)}</text>'
        middle = (self.left + right) / 2
        if self.x.name:
            yield f'<text class="axis" x="{middle:.1f}" y="{self.height - 6}" text-anchor="middle">{escape(self.x.name)}</text>'
        if self.y.name:
            turned = f'transform="translate(11 {(10 + floor) / 2:.1f}) rotate(-90)"'
            yield f'<text class="axis" {turned} text-anchor="middle">{escape(self.y.name)}</text>'

    def _at(self, point: Point) -> Point:
        across = _share(point[0], self.x) * (self.width - 10 - self.left)
        up = _share(point[1], self.y) * (self.height - self.bottom - 10)
        return self.left + across, self.height - self.bottom - up

    def _place(self, point: Point) -> tuple[str, str]:
        x, y = self._at(point)
        return f"{x:.1f}", f"{y:.1f}"

    def _path(self, points: Iterable[Point]) -> str:
        return " ".join(",".join(self._place(point)) for point in points)


def bars(shares: dict[str, float], says: str, text: Callable[[float], str] = figure) -> str:
    """Named shares as lying bars, the first on top."""
    most = max(shares.values(), default=1) or 1
    named = [name if len(name) <= NAME else f"{name[: NAME - 1]}…" for name in shares]
    names = Axis(len(shares) - 0.4, -0.6, at=range(len(shares)), words=named)
    chart = Chart(Axis(0, most * 1.25, at=()), names, says, 460, 20 + 22 * len(shares), 10, grid="")
    for place, (name, share) in enumerate(shares.items()):
        chart.bar((0, place - 0.32), (share, place + 0.32), says=f"{name}: {text(share)}")
        chart.word((share, place), text(share), "word", "start", (6, 4))
    return chart.svg()


def _share(value: float, axis: Axis) -> float:
    return (value - axis.low) / ((axis.high - axis.low) or 1)


def _title(says: str) -> str:
    return f"<title>{escape(says)}</title>" if says else ""
