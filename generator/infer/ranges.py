"""Ranges with slack: wide enough for tomorrow's values, narrow enough to catch a slip. Slack never crosses zero."""

from __future__ import annotations

import math

from .words import tokens

_KNOWN: dict[tuple[str, ...], tuple[float, float]] = {
    ("latitude", "lat"): (-90, 90),
    ("longitude", "lon", "lng", "long"): (-180, 180),
    ("age",): (0, 120),
    ("month", "mnth", "mon"): (1, 12),
    ("hour", "hr"): (0, 24),
    ("minute",): (0, 60),
    ("weekday", "dow"): (0, 7),
    ("day",): (1, 31),
    ("percent", "percentage", "pct"): (0, 100),
}
_NICE = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)


def bounds(name: str, low: float, high: float, whole: bool) -> tuple[float, float]:
    """A range around the smallest and the greatest value seen.

    assert bounds("tenure", 0, 72, whole=True) == (0, 120)
    assert bounds("share", 0.1, 0.9, whole=False) == (0, 1)
    assert bounds("pressure", 990.5, 1040, whole=False) == (960, 1070)
    """
    known = _known(name, low, high)
    if known is not None:
        return known
    if whole and low >= 0 and high <= 1:
        return 0, 1
    if whole and low >= 1800 and high <= 2100 and "year" in tokens(name):
        return (1900 if low >= 1900 else 1800), 2100
    if not whole and low >= -1 and high <= 1:
        return (0 if low >= 0 else -1), (1 if high > 0 else 0)
    found = _around(low, high)
    return (int(found[0]), int(found[1])) if whole else found


def _known(name: str, low: float, high: float) -> tuple[float, float] | None:
    """What a quantity of this name can be at all, when it is the last word of the name and the data agrees."""
    last = tokens(name)[-1:] or [""]
    for names, (least, most) in _KNOWN.items():
        if last[0] in names and least <= low and high <= most:
            return least, most
    return None


def _around(low: float, high: float) -> tuple[float, float]:
    if high <= 0 < -low:
        most, least = _around(-high, -low)
        return -least or 0.0, -most or 0.0
    if low < 0:
        return -_up(-low * 1.5), _up(high * 1.5)
    slack = (high - low) / 2
    if low - slack <= 0:
        return 0.0, _up(high * 1.5)
    step = 10.0 ** math.floor(math.log10(high - low)) if high > low else 1.0
    return round(math.floor((low - slack) / step) * step, 12), round(math.ceil((high + slack) / step) * step, 12)


def _up(value: float) -> float:
    """The next number that people would call round."""
    if value == 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(float(f"{nice * power:.12g}") for nice in (*_NICE, 12) if nice * power >= value * (1 - 1e-9))
