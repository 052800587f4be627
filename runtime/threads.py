"""Work done in other threads: what is read before it is asked for, what is written while the next is worked on, and many things at once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any, TypeVar

from .cores import cores

Item = TypeVar("Item")
Result = TypeVar("Result")


def at_once(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """What the work makes of each, in their order; as many at a time as there are processors to use.

    For work that polars or numpy does without holding the interpreter. Raises what it raised for the first of them.
    """
    given = list(items)
    if len(given) < 2:
        return list(map(work, given))
    with ThreadPoolExecutor(cores(), "at once") as workers:
        return list(workers.map(work, given))


def pools() -> Any:
    """The pools of threads of the libraries that are loaded, as a threadpoolctl.ThreadpoolController; looked for again where
    a module was imported since, which may have brought one."""
    return _pools(len(sys.modules))


@lru_cache(maxsize=1)
def _pools(modules: int) -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def alongside(work: Callable[[], object] | None) -> Iterator[None]:
    """Have some work done in a thread beside the block, which waits for it at its end; None: nothing.

    It only makes ready: what it raises is not told here, but by whoever needs it.
    """
    if work is None:
        yield
        return

    def quietly() -> None:
        with suppress(Exception):
            work()

    with ThreadPoolExecutor(1, "alongside") as worker:
        worker.submit(quietly)
        yield


def ahead(items: Generator[Item]) -> Iterator[Item]:
    """The same items, none of them None: the next is made while one is worked on, all of them in one thread of their own."""
    with ThreadPoolExecutor(1, "ahead") as maker:
        coming: Future[Item | None] = maker.submit(next, items, None)
        try:
            while (item := coming.result()) is not None:
                coming = maker.submit(next, items, None)
                yield item
        finally:
            maker.submit(items.close)  # in the thread that it ran in, as some databases ask for


class Behind:
    """Calls made in their order in a thread of their own; one may be under way, a second waits until it has ended."""

    def __init__(self) -> None:
        self._worker = ThreadPoolExecutor(1, "behind")
        self._last: Future[None] | None = None

    def call(self, work: Callable[..., None], *given: Any) -> None:
        """Have it called once the call before has ended. Raises what that one raised."""
        self.wait()
        self._last = self._worker.submit(work, *given)

    def wait(self) -> None:
        """Until the last call has ended. Raises what it raised."""
        last, self._last = self._last, None
        if last is not None:
            last.result()

    def end(self) -> None:
        """Wait, whatever came of the last call, and let the thread go."""
        self._worker.shutdown()
