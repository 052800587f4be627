"""What is written where a value is missing, and whether blanks stand around values: both hold for a whole file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from overture.runtime.data.records import trimmed

from .forms import form
from .inferred import Note

if TYPE_CHECKING:
    import polars as pl

ALWAYS = ("?", "N/A", "n/a", "#N/A", "NaN", "nan", "<NA>")
"""Never a label."""
AMONG_OTHERS = ("NA", "na", "null", "NULL", "Null", "None", "none", "-", "--", ".", "inf", "-inf", "Inf", "-Inf")
"""Missing among numbers or dates; among words they may be labels: no garage, Namibia."""
MARKERS = (*ALWAYS, *AMONG_OTHERS)
_MANY = 3  # a marker in more columns than this is told once, not for every column


@dataclass(frozen=True)
class Markers:
    """How to clean the text of a file."""

    missing: tuple[str, ...]
    """What means missing, after trimming; always with ""."""
    trim: bool
    notes: tuple[Note, ...]

    def clean(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The frame with missing values as null, as the runtime will read it."""
        import polars as pl

        text = pl.col(pl.String)
        text = text.str.strip_chars() if self.trim else text
        return frame.with_columns(pl.when(text.is_in(self.missing)).then(None).otherwise(text).name.keep())


def markers(frame: pl.DataFrame) -> Markers:
    """Look at all text columns of a CSV file."""
    kinds = _kinds(frame)
    counted = {name: _counted(frame[name]) for name in kinds}
    trim = any(name != trimmed(name) for name in frame.columns) or any(
        _padded(frame[name].unique(), kind) for name, kind in kinds.items()
    )
    found = {
        word
        for name, counts in counted.items()
        for word in counts
        if word in ALWAYS or (word.strip() and kinds[name] != "words") or (not word.strip() and not trim)
    }
    notes = _notes(counted, kinds, found)
    if trim:
        notes.append(Note("", "blanks stand around values or names: trim takes them away"))
    return Markers(("", *sorted(found)), trim, tuple(notes))


def _kinds(frame: pl.DataFrame) -> dict[str, str]:
    """What the other values are, of each column that holds a marker or blanks around a value."""
    import polars as pl

    text = frame.select(pl.col(pl.String))
    suspect = text.select((pl.all().str.contains(r"^\s|\s$") | pl.all().is_in(MARKERS)).any())
    names = [column.name for column in suspect if column[0]]
    bare = {name: text[name].str.strip_chars().unique() for name in names}
    return {name: form(words.filter(~words.is_in(("", *MARKERS)))) for name, words in bare.items()}


def _counted(column: pl.Series) -> dict[str, int]:
    """How often each marker stands in a column; blanks as they are, the others without blanks around them."""
    bare = column.str.strip_chars()
    hits = column.filter((bare == "") & (column != "")).extend(bare.filter(bare.is_in(MARKERS)))
    return dict(hits.sort().value_counts(sort=False).iter_rows())


def _padded(words: pl.Series, kind: str) -> bool:
    """Do blanks stand around values that are no sentences?"""
    bare = words.str.strip_chars()
    if not ((bare != words) & (bare != "")).any():
        return False
    spaces = bare.str.count_matches(" ").mean()
    return kind != "words" or (isinstance(spaces, float) and spaces < 2)


def _notes(counted: dict[str, dict[str, int]], kinds: dict[str, str], found: set[str]) -> list[Note]:
    spread = Counter(word for counts in counted.values() for word in counts)
    doubts: dict[str, list[str]] = {
        word: [name for name, counts in counted.items() if word in counts and kinds[name] == "words"]
        for word in sorted(spread)
        if word in AMONG_OTHERS
    }
    notes = [
        Note("", _everywhere(word, spread[word], doubts.get(word, []), word in found))
        for word in sorted(spread)
        if (word in found and spread[word] > _MANY) or len(doubts.get(word, [])) > _MANY
    ]
    for name, counts in counted.items():
        doubtful = {word: n for word, n in counts.items() if name in doubts.get(word, [])}
        few = {
            word: n for word, n in counts.items() if word in found and word not in doubtful and spread[word] <= _MANY
        }
        notes += [
            Note(name, _doubt(word, count, word in found))
            for word, count in sorted(doubtful.items())
            if len(doubts[word]) <= _MANY
        ]
        notes += [Note(name, _hold(dict(sorted(few.items())), kinds[name]))] if few else []
    return notes


def _everywhere(word: str, spread: int, labels: list[str], missing: bool) -> str:
    """A marker that stands in many columns."""
    if not missing:
        return f"{_shown(word)} is kept as a label in {len(labels)} columns, as {labels[0]}; if it means unknown, add it to missing"
    said = f"{_shown(word)} is read as missing; it stands in {spread} columns"
    return f"{said}, {len(labels)} of them of labels, as {labels[0]}: is it one there?" if len(labels) > _MANY else said


def _doubt(word: str, count: int, missing: bool) -> str:
    if missing:
        return f'"{word}" in {_rows(count)} is read as missing, as in other columns: is it a label here?'
    return f'"{word}" in {_rows(count)} is kept as a label; if it means unknown, add it to missing'


def _hold(counts: dict[str, int], kind: str) -> str:
    if kind not in ("integer", "number"):
        said = " and ".join(f"{_shown(word)} in {_rows(count)}" for word, count in counts.items())
        return f"{said} is read as missing"
    verbs = {1: "holds"}
    said = " and ".join(f"{_rows(count)} {verbs.get(count, 'hold')} {_shown(word)}" for word, count in counts.items())
    return f"a {'whole number' if kind == 'integer' else kind}, but {said}: nullable"


def _rows(count: int) -> str:
    return f"{count:,} {'row' if count == 1 else 'rows'}"


def _shown(word: str) -> str:
    return f'"{word}"' if word.strip() else "a blank"
