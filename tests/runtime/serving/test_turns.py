"""Whose turn it is in the threads of a name, and what becomes of those who give up."""

import asyncio
import gc
import threading
import warnings

import pytest

from overture.runtime.serving.turns import Turns


class Work:
    """Says that it has begun, and lasts until it is let go."""

    def __init__(self):
        self.begun, self.go = threading.Event(), threading.Event()

    def __call__(self):
        self.begun.set()
        assert self.go.wait(20)
        return self


async def until(true):
    for _ in range(1000):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError


def test_a_call_that_is_given_up_keeps_its_thread_until_its_work_ends():
    async def scenario():
        turns, first, second = Turns(1), Work(), Work()
        gone = asyncio.ensure_future(turns.take("explain", first))
        await until(first.begun.is_set)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        next = asyncio.ensure_future(turns.take("explain", second))
        await asyncio.sleep(0.2)
        assert not second.begun.is_set()
        first.go.set()
        second.go.set()
        assert await next is second

    asyncio.run(scenario())


def test_what_nobody_waits_for_any_more_is_not_begun():
    async def scenario():
        turns, first, second, third = Turns(1), Work(), Work(), Work()
        running = asyncio.ensure_future(turns.take("explain", first))
        await until(first.begun.is_set)
        gone = asyncio.ensure_future(turns.take("explain", second))
        last = asyncio.ensure_future(turns.take("explain", third))
        await asyncio.sleep(0.05)
        gone.cancel()
        for work in (first, third):
            work.go.set()
        assert await running is first
        assert await last is third
        assert not second.begun.is_set()

    asyncio.run(scenario())


def test_names_do_not_hold_each_other_up_and_a_name_has_as_many_threads_as_it_was_given():
    async def scenario():
        turns, works = Turns(2), [Work() for _ in range(3)]
        other = Work()
        other.go.set()
        running = [asyncio.ensure_future(turns.take("explain", work)) for work in works]
        await until(lambda: works[0].begun.is_set() and works[1].begun.is_set())
        assert await turns.take("predict", other) is other
        assert not works[2].begun.is_set()
        for work in works:
            work.go.set()
        assert await asyncio.gather(*running) == works

    asyncio.run(scenario())


def test_an_error_reaches_who_waits_and_nobody_else():
    def fails():
        raise ValueError("no")

    async def scenario():
        turns, told = Turns(1), []
        asyncio.get_running_loop().set_exception_handler(lambda _, what: told.append(what))
        with pytest.raises(ValueError, match="no"):
            await turns.take("explain", fails)
        begun, go = threading.Event(), threading.Event()

        def late():
            begun.set()
            assert go.wait(20)
            raise ValueError("unheard")

        gone = asyncio.ensure_future(turns.take("explain", late))
        await until(begun.is_set)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        go.set()
        done = Work()
        done.go.set()
        assert await turns.take("explain", done) is done
        gc.collect()
        await asyncio.sleep(0)
        assert told == []

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        asyncio.run(scenario())
