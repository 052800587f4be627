"""Which columns of a CSV file are numbers, days or moments that are written in a way of their own, and in which."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from overture.runtime.data.written import Numbers, plain_times

from .forms import DAY, MOMENT, NUMBER
from .inferred import Note
from .markers import MARKERS
from .words import is_code

if TYPE_CHECKING:
    import polars as pl

_UNITS = ("$", "€", "£", "¥", "%")
_SOME = 200  # values that are tried first: most columns of words fail at once
_NUMBERS = 0.9  # with decimal commas, the share of values that are numbers in a column of numbers
_WAYS = 3  # in more ways than these no file writes one column

_DOTS = ("%d.%m.%Y", "%Y.%m.%d", "%d.%m.%y")
_MONTH_FIRST = ("%m/%d/%Y", "%m-%d-%Y", "%m/%d/%y")
_DAY_FIRST = ("%d/%m/%Y", "%d-%m-%Y", "%d/%m/%y")
_NAMED = ("%b %d %Y", "%b %d, %Y", "%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%B %d, %Y", "%B %d %Y", "%d %B %Y", "%d. %B %Y")
_DAYS = (*_DOTS, "%Y/%m/%d", *_MONTH_FIRST, *_DAY_FIRST, *_NAMED)
_CLOCKS = ("", "%H:%M", "%H:%M:%S", "%H:%M:%S%.f", "%I:%M %p", "%I:%M:%S %p", "%H:%M %z", "%H:%M:%S %z")
_PATTERNS = tuple(
    day + part + clock for day, clock in product(_DAYS, _CLOCKS) for part in (" ", "T")[: 2 if clock else 0] or ("",)
)
_SHAPE = r"^([A-Za-z]{3,9} [0-9]{1,2},? [0-9]{4}|[0-9]{1,4}([./-]|\.? )([A-Za-z]{3,9}|[0-9]{1,2})[./ -][0-9]{2,4})($|[T ][0-9])"
"""What everything looks like that _DAYS tells, and little else."""


@dataclass(frozen=True)
class Written:
    """A table in plain form, and how its file writes it."""

    frame: pl.DataFrame
    keys: dict[str, Any]
    """The keys of the source that say so: thousands, units, dates."""
    notes: tuple[Note, ...]


def plainly(frame: pl.DataFrame, decimal: str) -> Written:
    """Read numbers, days and moments as what they are.

    frame: columns of text in which nothing is missing yet. decimal: what stands before fractions in this file.
    """
    import polars as pl

    words = {name: _words(frame[name]) for name in frame.columns}
    words = {
        name: some for name, some in words.items() if not some.head(_SOME).str.contains(NUMBER).all() or decimal != "."
    }
    found = {name: it for name, some in words.items() if not is_code(name) and (it := _numbers(some, decimal))}
    numbers = _common(list(found.values()), decimal)
    amounts = [name for name in found if _are(words[name], numbers)]
    times = {name: each for name in words if name not in amounts and (each := _patterns(words[name]))}
    plain = {name: _where(pl.col(name), numbers) for name in amounts}
    plain |= {name: plain_times(pl.col(name), each) for name, each in times.items()}
    made = frame.with_columns(each.alias(name) for name, each in plain.items())
    keys: dict[str, Any] = {"thousands": numbers.thousands} if numbers.thousands else {}
    keys |= {"units": list(numbers.units)} if numbers.units else {}
    keys |= {"dates": {name: each[0] if len(each) == 1 else each for name, each in times.items()}} if times else {}
    notes = [Note(name, said) for name in amounts if (said := _told_number(words[name], numbers))]
    notes += [Note(name, _told_times(words[name], each)) for name, each in times.items()]
    return Written(made, keys, tuple(notes))


def _words(column: pl.Series) -> pl.Series:
    """What a column says, each once, but for what says that a value is missing."""
    bare = column.drop_nulls().unique(maintain_order=True).str.strip_chars()
    return bare.filter((bare != "") & ~bare.is_in(MARKERS))


def _numbers(words: pl.Series, decimal: str) -> Numbers | None:
    """How words are written that are numbers, but not plain ones."""
    units = tuple(unit for unit in _UNITS if words.head(_SOME).str.contains(unit, literal=True).any())
    ways = [Numbers(decimal, between, units) for between in (None, ",", "'", " ") if between != decimal]
    fit = next((way for way in ways if not way.usual and _are(words.head(_SOME), way) and _are(words, way)), None)
    if fit is None or words.str.contains("^0[0-9]").any():
        return None
    blanks = fit.thousands == " " and not units and words.str.count_matches(r"\s").n_unique() == 1
    return None if blanks else fit  # 555 123 in every row is a telephone


def _are(words: pl.Series, numbers: Numbers) -> bool:
    """Are they numbers that are written so? Decimal commas tell it even where one of ten words is none."""
    fitting = words.str.contains(numbers.pattern)
    if numbers.decimal == "," and not numbers.units:
        return bool(words.str.contains(r"[.,]").any()) and float(fitting.sum()) > _NUMBERS * words.len()
    return not words.is_empty() and bool(fitting.all())


def _common(found: list[Numbers], decimal: str) -> Numbers:
    """One way in which a file writes numbers: the most frequent mark between thousands, and all units."""
    marks = [it.thousands for it in found if it.thousands]
    units = tuple(unit for unit in _UNITS if any(unit in it.units for it in found))
    return Numbers(decimal, max(marks, key=marks.count) if marks else None, units)


def _where(value: pl.Expr, numbers: Numbers) -> pl.Expr:
    """Plain numbers where they are some; all else, as what says that a value is missing, as it is."""
    import polars as pl

    return pl.when(value.str.strip_chars().str.contains(numbers.pattern)).then(numbers.plain(value)).otherwise(value)


def _patterns(words: pl.Series) -> list[str]:
    """The patterns of days or moments, the most frequent first; those that are written plainly need none."""
    left, found = _others(words), list[str]()
    if left.is_empty() or not all(some.str.contains(_SHAPE).all() for some in (left.head(_SOME), left)):
        return []
    while not left.is_empty() and len(found) < _WAYS:
        some = left.head(_SOME)
        likely = [pattern for pattern in _PATTERNS if _fitting(some, pattern).any()]
        hits = {pattern: _fitting(left, pattern) for pattern in likely}
        best = max(hits, key=lambda pattern: hits[pattern].sum(), default=None)
        if best is None or _swapped(best) in found:
            return []
        found.append(best)
        left = left.filter(~hits[best])
    return found if left.is_empty() else []


def _others(words: pl.Series) -> pl.Series:
    return words.filter(~words.str.contains(DAY) & ~words.str.contains(MOMENT))


def _fitting(words: pl.Series, pattern: str) -> pl.Series:
    """Which words are written so."""
    return _plain(words, [pattern]) != words


def _plain(words: pl.Series, patterns: list[str]) -> pl.Series:
    import polars as pl

    return words.to_frame("word").select(plain_times(pl.col("word"), patterns)).to_series()


def _swapped(pattern: str) -> str:
    """The pattern in which day and month change places."""
    return pattern.replace("%d", "%!").replace("%m", "%d").replace("%!", "%m")


def _told_number(words: pl.Series, numbers: Numbers) -> str:
    """What is said of a column of numbers; nothing where only its commas are decimal ones."""
    import polars as pl

    odd = words.filter(~words.str.contains(Numbers(numbers.decimal).pattern))
    odd = odd.filter(odd.str.contains(numbers.pattern))
    if odd.is_empty():
        return ""
    return f'"{odd[0]}" is read as {odd.to_frame("it").select(numbers.plain(pl.col("it"))).item(0, 0)}'


def _told_times(words: pl.Series, patterns: list[str]) -> str:
    """An example of each way in which a column writes its days, and whether day and month could be the other way round."""
    left, said, doubts = _others(words), list[str](), list[str]()
    for pattern in patterns:
        fitting = left.filter(_fitting(left, pattern))
        late = fitting.filter(_plain(fitting, [pattern]).str.slice(8, 2).cast(int) > 12)
        shown = (late if late.len() else fitting).head(1)
        said.append(
            f'"{shown[0]}" {"is read " if not said else ""}as {_plain(shown, [pattern])[0].removesuffix(".000000")}'
        )
        if (other := _swapped(pattern)) in _PATTERNS and _fitting(fitting, other).all():
            doubts.append(f', the month first: if the day is, write "{other}" in dates')
        left = left.filter(~_fitting(left, pattern))
    return " and ".join(said) + "".join(doubts)
