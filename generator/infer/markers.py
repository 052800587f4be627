"""What is written where a value is missing, and whether blanks stand around values: both hold for a whole file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .forms import form
from .inferred import Note

if TYPE_CHECKING:
    import polars as pl

ALWAYS = ("?", "N/A", "n/a", "#N/A", "NaN", "nan", "<NA>")
"""Never a label."""
AMONG_OTHERS = ("NA", "na", "null", "NULL", "Null", "None", "none", "-", "--", ".", "inf", "-inf", "Inf", "-Inf")
"""Missing among numbers or dates; among words they may be labels: no garage, Namibia."""
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
    import polars as pl

    text = [column for column in frame if column.dtype == pl.String]
    distinct = {column.name: column.unique() for column in text}
    bare = {name: words.str.strip_chars().unique() for name, words in distinct.items()}
    kinds = {name: form(words.filter(~words.is_in(["", *ALWAYS, *AMONG_OTHERS]))) for name, words in bare.items()}
    seen = {name: words.filter(words.is_in([*ALWAYS, *AMONG_OTHERS])).to_list() for name, words in bare.items()}
    trim = any(_padded(distinct[name], kinds[name]) for name in distinct)
    found = {word for name in seen for word in seen[name] if word in ALWAYS or kinds[name] != "words"}
    blanks = (
        set() if trim else {word for words in distinct.values() for word in words.filter(words.str.contains(r"^\s+$"))}
    )
    notes = [*_labels(seen, kinds, found), *_counted(text, kinds, found, blanks, trim)]
    if trim:
        notes.append(Note("", "blanks stand around values: trim takes them away"))
    return Markers(("", *sorted(blanks), *sorted(found)), trim, tuple(notes))


def _padded(words: pl.Series, kind: str) -> bool:
    """Do blanks stand around values that are no sentences?"""
    bare = words.str.strip_chars()
    if not ((bare != words) & (bare != "")).any():
        return False
    spaces = words.str.strip_chars().str.count_matches(" ").mean()
    return kind != "words" or (isinstance(spaces, float) and spaces < 2)


def _labels(seen: dict[str, list[str]], kinds: dict[str, str], found: set[str]) -> list[Note]:
    """What may be a label of a column of words."""
    notes = []
    for name, words in seen.items():
        for word in sorted(words):
            if word in ALWAYS or kinds[name] != "words":
                continue
            if word in found:
                notes.append(
                    Note(name, f'"{word}" is read as missing here too, as in the other columns: is it a label here?')
                )
            else:
                notes.append(Note(name, f'"{word}" is kept as a label; if it means unknown, add it to missing'))
    return notes


def _counted(text: list[pl.Series], kinds: dict[str, str], found: set[str], blanks: set[str], trim: bool) -> list[Note]:
    """How often a marker stands where."""
    per_column: dict[str, dict[str, int]] = {}
    for column in text:
        bare = column.str.strip_chars() if trim else column
        hits = bare.filter(bare.is_in([*found, *blanks]))
        if hits.len():
            per_column[column.name] = dict(hits.value_counts().iter_rows())
    spread = Counter(word for counts in per_column.values() for word in counts)
    notes = [
        Note("", f"{_shown(word)} is read as missing; it stands in {spread[word]} columns")
        for word in sorted(spread)
        if spread[word] > _MANY
    ]
    for name, counts in per_column.items():
        few = {word: count for word, count in sorted(counts.items()) if spread[word] <= _MANY}
        if few:
            notes.append(Note(name, _hold(few, kinds[name])))
    return notes


def _hold(counts: dict[str, int], kind: str) -> str:
    if kind not in ("integer", "number"):
        said = " and ".join(f"{_shown(word)} in {_rows(count)}" for word, count in counts.items())
        return f"{said} is read as missing"
    verbs = {1: "holds"}
    said = " and ".join(f"{_rows(count)} {verbs.get(count, 'hold')} {_shown(word)}" for word, count in counts.items())
    return f"{'an' if kind == 'integer' else 'a'} {kind}, but {said}: nullable"


def _rows(count: int) -> str:
    return f"{count:,} {'row' if count == 1 else 'rows'}"


def _shown(word: str) -> str:
    return f'"{word}"' if word.strip() else "a blank"
