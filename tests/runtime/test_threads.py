"""Work in other threads keeps its order, its thread and its faults."""

import threading

import pytest

from overture.runtime.cores import cores
from overture.runtime.threads import Behind, ahead, alongside, at_once, pools


def test_what_is_read_ahead_comes_in_its_order_and_ends_in_the_thread_that_it_began_in():
    seen = []

    def numbers():
        try:
            for number in range(100):
                seen.append(threading.get_ident())
                yield number
        finally:
            seen.append(threading.get_ident())

    assert list(ahead(numbers())) == list(range(100))
    some = ahead(numbers())
    assert next(some) == 0
    some.close()
    assert threading.get_ident() not in seen
    assert len(seen) >= 101 + 2


def test_what_fails_ahead_is_raised_where_it_is_asked_for():
    def failing():
        yield 1
        raise OSError("no more")

    found = ahead(failing())
    assert next(found) == 1
    with pytest.raises(OSError, match="no more"):
        next(found)


def test_what_is_written_behind_is_written_in_order_while_the_caller_goes_on():
    behind, may, done = Behind(), threading.Event(), []
    behind.call(lambda: done.append(may.wait(60)))
    assert done == []
    may.set()
    for number in range(100):
        behind.call(done.append, number)
    behind.wait()
    behind.end()
    assert done == [True, *range(100)]


def test_what_fails_behind_is_raised_by_the_next_call_and_only_once():
    def fail():
        raise OSError("disk full")

    behind, done = Behind(), []
    behind.call(fail)
    with pytest.raises(OSError, match="disk full"):
        behind.call(done.append, 1)
    behind.wait()
    behind.end()
    assert done == []


@pytest.mark.parametrize("many", [0, 1, 50])
def test_what_is_done_at_once_comes_in_its_order(many):
    assert at_once(lambda number: number * number, iter(range(many))) == [number * number for number in range(many)]


@pytest.mark.skipif(cores() < 2, reason="there is one processor")
def test_two_things_are_done_at_once():
    meeting = threading.Barrier(2)
    assert sorted(at_once(lambda _: meeting.wait(30), range(2))) == [0, 1]


def test_the_first_fault_of_what_is_done_at_once_is_raised():
    def reciprocal(number):
        return 1 / number

    with pytest.raises(ZeroDivisionError):
        at_once(reciprocal, [1, 0, 2])


def test_what_is_made_ready_is_made_beside_the_block_which_waits_for_it():
    ready, done = threading.Event(), []

    def work():
        assert ready.wait(30)
        done.append(threading.get_ident())

    with alongside(work):
        ready.set()
    assert len(done) == 1
    assert done[0] != threading.get_ident()


@pytest.mark.parametrize("work", [None, lambda: 1 / 0], ids=["nothing", "fails"])
def test_a_block_goes_on_whatever_is_made_ready(work):
    with alongside(work):
        done = True
    assert done


def test_a_fault_of_the_block_is_raised_when_the_work_beside_it_has_ended():
    ready, done = threading.Event(), []

    def block():
        with alongside(lambda: done.append(ready.wait(30))):
            ready.set()
            raise OSError("no more")

    with pytest.raises(OSError, match="no more"):
        block()
    assert done == [True]


def test_the_pools_of_libraries_are_looked_for_again_after_an_import(tmp_path, monkeypatch):
    first = pools()
    assert pools() is first
    (tmp_path / "brings_a_pool_perhaps.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    import brings_a_pool_perhaps  # noqa: F401

    assert pools() is not first
