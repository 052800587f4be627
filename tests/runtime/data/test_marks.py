"""Whether a number is among many twice, whatever of them is in memory."""

import errno
import io
import random
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overture.runtime.data import marks
from overture.runtime.data.marks import Marks

LARGEST = 2**64 - 1


@given(
    held=st.integers(1, 8),
    together=st.integers(1, 8),
    batches=st.lists(
        st.lists(st.one_of(st.integers(0, LARGEST), st.sampled_from([0, 1, 2**63, LARGEST])), max_size=9), max_size=9
    ),
)
def test_a_number_that_is_there_twice_is_found_wherever_it_is_held(held, together, batches):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(marks, "HELD", held)
        patched.setattr(marks, "TOGETHER", together)
        found = Marks()
        for batch in batches:
            given = pl.Series(batch, dtype=pl.UInt64)
            assert found.take(given) is given
        every = [number for batch in batches for number in batch]
        assert sorted(found.repeated()) == sorted(it for it, count in Counter(every).items() if count > 1)


@pytest.mark.parametrize("twice", [False, True])
def test_numbers_may_come_from_many_threads(monkeypatch, twice):
    monkeypatch.setattr(marks, "HELD", 10_000)
    monkeypatch.setattr(marks, "TOGETHER", 10_000)
    numbers = np.random.default_rng(1).permutation(100_000).astype(np.uint64)
    if twice:
        numbers[-1] = numbers[0]
    found = Marks()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(found.take, (pl.Series(part) for part in np.array_split(numbers, 97))))
    assert found.repeated().to_list() == ([numbers[0]] if twice else [])


def test_where_the_disk_is_full_they_stay_in_memory(monkeypatch):
    class Full(io.BytesIO):
        room = 200

        def write(self, more):
            if self.tell() >= self.room:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(more[: self.room - self.tell()])

    monkeypatch.setattr(marks, "HELD", 10)
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: Full())
    numbers = [random.Random(place).getrandbits(64) for place in range(90)]
    once, twice = Marks(), Marks()
    for place in range(0, 90, 6):
        for found in (once, twice):
            found.take(pl.Series(numbers[place : place + 6], dtype=pl.UInt64))
    twice.take(pl.Series(numbers[:1], dtype=pl.UInt64))
    assert once.repeated().to_list() == []
    assert twice.repeated().to_list() == numbers[:1]
    assert len(once._file.getvalue()) % 8 == 0
