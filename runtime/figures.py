"""Numbers as people read them; everything that is shown to a person is written by these."""

from __future__ import annotations

import math


def count(number: int) -> str:
    """How many.

    assert count(48012) == "48,012"
    """
    return f"{number:,}"


def counted(number: int, noun: str) -> str:
    """How many of what.

    assert [counted(1, "row"), counted(7043, "row")] == ["1 row", "7,043 rows"]
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def figure(number: float) -> str:
    """A measured number, to about four digits.

    assert [figure(x) for x in (0.8473, 48012.4, 12.345, 0.000412)] == ["0.847", "48,012", "12.35", "0.000412"]
    """
    if not math.isfinite(number):
        return "undefined" if math.isnan(number) else str(number)
    size = abs(number)
    if 0 < size < 0.0095:
        return f"{number:.3g}"
    return f"{number:,.{_decimals(size)}f}"


def interval(value: float, low: float, high: float) -> str:
    """A measured number and how far it may be off, with the same decimals.

    assert interval(0.8473, 0.8231, 0.8712) == "0.847 [0.823, 0.871]"
    """
    numbers = (value, low, high)
    if not all(map(math.isfinite, numbers)) or max(map(abs, numbers)) < 0.0095:
        written = [figure(number) for number in numbers]
    else:
        written = [f"{number:,.{_decimals(max(map(abs, numbers)))}f}" for number in numbers]
    return f"{written[0]} [{written[1]}, {written[2]}]"


def spread(mean: float, deviation: float) -> str:
    """A mean and a standard deviation, with the same decimals where the deviation has figures there.

    assert [spread(0.8473, 0.0124), spread(0.8473, 0.00012)] == ["0.847 ± 0.012", "0.847 ± 0.00012"]
    """
    if not (math.isfinite(mean) and math.isfinite(deviation)) or abs(mean) < 0.0095:
        return f"{figure(mean)} ± {figure(deviation)}"
    decimals = _decimals(abs(mean))
    plain = f"{deviation:,.{decimals}f}"
    return f"{figure(mean)} ± {plain if float(plain.replace(',', '')) or not deviation else figure(deviation)}"


def percent(share: float) -> str:
    """A share of a whole.

    assert percent(0.2654) == "26.5 %"
    """
    return f"{100 * share:.1f} %"


def _decimals(size: float) -> int:
    if 0 < size < 0.09995:
        return 4
    return next((decimals for bound, decimals in ((9.9995, 3), (99.995, 2), (999.95, 1)) if size < bound), 0)
