"""What one call of the model serves, and what becomes of those that wait."""

import asyncio
import threading

import pytest

from overture.runtime.serving.batching import INLINE, Batcher


class Model:
    """Doubles its rows, remembers what it was given, and fails on a negative one."""

    def __init__(self, hold=None):
        self.calls, self.hold = [], hold

    def __call__(self, rows):
        self.calls.append([value for (value,) in rows])
        if self.hold is not None:
            assert self.hold.wait(10)
        if any(value < 0 for (value,) in rows):
            raise ValueError("poison")
        return [{"prediction": 2 * value} for (value,) in rows]


def run(model, scenario, *, quick=True, together=True):
    sizes = []

    async def main():
        made = Batcher(model, lambda rows, waiting: sizes.append((rows, waiting)), quick=quick, together=together)
        return await asyncio.wait_for(scenario(made), 20)

    found = asyncio.run(main())
    assert [rows for rows, _ in sizes] == [len(call) for call in model.calls[: len(sizes)]] or model.hold is None
    return found


def values(outcome):
    return [row["prediction"] for row in outcome]


@pytest.mark.parametrize("quick", [True, False])
def test_requests_that_come_together_share_one_call_and_get_their_own_rows(quick):
    model = Model()

    async def scenario(made):
        return await asyncio.gather(*(made.submit([(i,), (i + 100,)]) for i in range(10)))

    found = run(model, scenario, quick=quick)
    assert [values(each) for each in found] == [[2 * i, 2 * i + 200] for i in range(10)]
    assert len(model.calls) == 1


@pytest.mark.parametrize("quick", [True, False])
def test_a_poisoned_request_fails_alone(quick):
    async def scenario(made):
        sent = [made.submit([(value,)]) for value in (1, -1, 2)]
        return await asyncio.gather(*sent, return_exceptions=True)

    first, bad, last = run(Model(), scenario, quick=quick)
    assert values(first) == [2]
    assert values(last) == [4]
    assert isinstance(bad, ValueError)


def test_requests_that_may_not_share_a_call_do_not():
    model = Model()

    async def scenario(made):
        return await asyncio.gather(*(made.submit([(i,)]) for i in range(5)))

    run(model, scenario, quick=False, together=False)
    assert model.calls == [[i] for i in range(5)]


@pytest.mark.parametrize("quick", [True, False])
def test_a_request_that_was_given_up_before_its_turn_is_not_predicted(quick):
    model = Model()

    async def scenario(made):
        gone, kept = made.submit([(1,)]), made.submit([(2,)])
        gone.cancel()
        return await kept

    assert values(run(model, scenario, quick=quick)) == [4]
    assert model.calls == [[2]]


def test_a_large_request_does_not_hold_up_small_ones():
    hold = threading.Event()

    class Slow(Model):
        def __call__(self, rows):
            if len(rows) > INLINE:
                assert hold.wait(10)
            return super().__call__(rows)

    model = Slow()

    async def scenario(made):
        large = made.submit([(i,) for i in range(INLINE + 1)])
        await asyncio.sleep(0.05)
        small = await made.submit([(7,)])
        assert not large.done()
        hold.set()
        return values(small), len(await large)

    assert run(model, scenario) == ([14], INLINE + 1)


def test_a_crowd_beyond_what_the_loop_may_do_goes_on_in_the_thread():
    model = Model()

    async def scenario(made):
        return await asyncio.gather(*(made.submit([(i,)] * 60) for i in range(10)))

    found = run(model, scenario)
    assert [values(each) for each in found] == [[2 * i] * 60 for i in range(10)]
    assert len(model.calls) == 2
    assert len(model.calls[0]) == 240


@pytest.mark.parametrize("quick", [True, False])
def test_an_answer_that_cannot_be_given_keeps_no_other_from_its_own(quick):
    class Broken:
        def done(self):
            return False

        def set_result(self, found):
            raise OSError("no")

    told = []

    async def scenario(made):
        asyncio.get_running_loop().set_exception_handler(lambda _, what: told.append(what["exception"]))
        first = made.submit([(1,)])
        made.put([(2,)], Broken())
        return await asyncio.gather(first, made.submit([(3,)]))

    assert [values(each) for each in run(Model(), scenario, quick=quick)] == [[2], [6]]
    assert [str(error) for error in told] == ["no"]
