"""overture's own hash of a row, from which splits are made: the same on every machine, in every version and language.

A row is hashed to 64 bits. All arithmetic is on unsigned 64-bit words and wraps around; `>>` shifts zeros in.

    mix(z):      z ^= z >> 30;  z *= 0xBF58476D1CE4E5B9;  z ^= z >> 27;  z *= 0x94D049BB133111EB;  z ^= z >> 31
    fold(h, w):  mix((h ^ w) + 0x9E3779B97F4A7C15)
    cell(v):     fold from h = 0 over the kind of v, then over its words, one after the other
    row:         fold from h = 0 over the seed, then over the cell of each column in order
    position:    (row >> 11) / 2**53, which is in [0, 1)

    value                                       kind  words
    missing                                     0     none
    whole number                                1     the number, two's complement
    number with a fraction, infinity, not a number   2     its IEEE 754 double; every not-a-number is 0x7FF8000000000000
    boolean                                     3     0 or 1
    text                                        4     the length of its UTF-8 bytes, then the bytes by eights, little-endian,
                                                      the last word filled up with zeros
    date                                        5     days since 1970-01-01, two's complement
    timestamp                                   6     microseconds since 1970-01-01T00:00Z, two's complement

Equal values hash equal whatever holds them: 7, 7.0 and a 16-bit 7 are one whole number (a double that is whole and in the
range of 64-bit integers counts as one, and -0.0 is 0). Names of columns do not take part; their order does.
mix is the finalizer of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014). It is
no defence against someone who chooses values so that they collide.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from .threads import at_once

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    Words = NDArray[np.uint64]

_MISSING, _WHOLE, _FRACTION, _BOOLEAN, _TEXT, _DATE, _TIMESTAMP = range(7)
_CHUNK = 1 << 15  # rows whose words stay in the processor's cache
_SHARE = 8 * _CHUNK  # rows that a thread takes at a time
_NOT_A_NUMBER = np.uint64(0x7FF8000000000000)


def positions(frame: pl.DataFrame, seed: int) -> NDArray[np.float64]:
    """Where each row falls in [0, 1): uniform over rows, equal for equal rows. Shape (rows,)."""
    found = np.empty(frame.height)

    def fill(start: int) -> None:
        for rows, part in _chunks(frame.slice(start, _SHARE), seed):
            np.multiply(part >> np.uint64(11), 2.0**-53, out=found[start : start + _SHARE][rows])

    at_once(fill, range(0, frame.height, _SHARE))
    return found


def hashes(frame: pl.DataFrame, seed: int) -> Words:
    """The 64-bit hash of each row over all columns in their order. Shape (rows,).

    Raises TypeError for a column whose type has no place in the table above, as lists and structs.
    """
    found = np.empty(frame.height, np.uint64)
    for rows, part in _chunks(frame, seed):
        found[rows] = part
    return found


def _chunks(frame: pl.DataFrame, seed: int) -> Iterator[tuple[slice, Words]]:
    """Some rows after the other: which they are, and the hash of each."""
    start, done = _fold(np.zeros(1, np.uint64), np.uint64(seed)), 0
    for part in frame.iter_slices(_CHUNK):
        rows = np.repeat(start, part.height)
        for series in part:
            rows = _fold(rows, _cells(series))
        yield slice(done, done + part.height), rows
        done += part.height


def _fold(state: Words, words: Words | np.uint64) -> Words:
    z = state ^ words
    z += np.uint64(0x9E3779B97F4A7C15)
    z ^= z >> np.uint64(30)
    z *= np.uint64(0xBF58476D1CE4E5B9)
    z ^= z >> np.uint64(27)
    z *= np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return z


def _kind(kind: int) -> Words:
    return _fold(np.zeros(1, np.uint64), np.uint64(kind))


def _cells(series: pl.Series) -> Words:
    import polars as pl

    dtype = series.dtype
    if isinstance(dtype, pl.Enum) and not dtype.categories.is_empty():
        cells = _text(dtype.categories)[series.to_physical().fill_null(0).to_numpy()]
    elif isinstance(dtype, pl.String | pl.Categorical | pl.Enum):
        cells = _text(series.cast(pl.String).fill_null(""))
    elif dtype.is_float() or dtype.is_decimal():
        cells = _numbers(series.cast(pl.Float64).fill_null(0).to_numpy())
    elif dtype.is_integer():
        cells = _fold(_kind(_WHOLE), _words(series.cast(pl.Int64)))
    elif dtype == pl.Boolean:
        cells = _fold(_kind(_BOOLEAN), _words(series.cast(pl.Int64)))
    elif dtype == pl.Date:
        cells = _fold(_kind(_DATE), _words(series.cast(pl.Int64)))
    elif isinstance(dtype, pl.Datetime):
        cells = _fold(_kind(_TIMESTAMP), _words(series.dt.cast_time_unit("us").cast(pl.Int64)))
    elif dtype == pl.Null:
        cells = np.repeat(_kind(_MISSING), len(series))
    else:
        raise TypeError(f"{series.name}: a column of type {dtype} has no hash")
    return np.where(series.is_null().to_numpy(), _kind(_MISSING), cells) if series.null_count() else cells


def _words(series: pl.Series) -> Words:
    return (series.fill_null(0) if series.null_count() else series).to_numpy().view(np.uint64)


def _numbers(values: NDArray[np.float64]) -> Words:
    whole = (values == np.floor(values)) & (values >= -(2.0**63)) & (values < 2.0**63)
    bits = np.where(np.isnan(values), _NOT_A_NUMBER, values.view(np.uint64))
    integers = np.where(whole, values, 0).astype(np.int64).view(np.uint64)
    return _fold(np.where(whole, _kind(_WHOLE), _kind(_FRACTION)), np.where(whole, integers, bits))


def _text(series: pl.Series) -> Words:
    array = series.to_arrow()
    _, offsets, data = array.buffers()
    ends = np.frombuffer(offsets, "<i8")[array.offset : array.offset + len(array) + 1]
    padded = np.append(np.frombuffer(data or b"", np.uint8), np.zeros(8, np.uint8))
    eights = np.ndarray(padded.size - 7, "<u8", padded, strides=(1,))  # a word from every byte on
    starts, lengths = ends[:-1], np.diff(ends)
    cells = _fold(_kind(_TEXT), lengths.view(np.uint64))
    done, left = 0, np.flatnonzero(lengths)
    while left.size:
        unused = np.clip(8 - (lengths[left] - done), 0, 8).astype(np.uint64) * np.uint64(8)
        words = eights[starts[left] + done] << unused >> unused
        cells[left] = _fold(cells[left], words)
        done += 8
        left = left[lengths[left] > done]
    return cells
