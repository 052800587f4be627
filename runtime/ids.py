"""Which of several things a person means who writes the beginning of an id."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from .errors import Mistake, Problem, did_you_mean


class Named(Protocol):
    """What has an id."""

    @property
    def id(self) -> str:
        """Hex digits."""


T = TypeVar("T", bound=Named)


def meant(
    wanted: str,
    known: Iterable[T],
    noun: str,
    otherwise: str,
    broken: Callable[[], Iterable[Problem]] = tuple,
) -> T:
    """The one of an id, or of the beginning of one.

    noun: what they are, as "run". otherwise: the hint where no id is like it. broken: what is wrong with
    those of that name that cannot be opened; asked only where nothing else is meant.
    Raises Mistake when there is none, or more than one.
    """
    named = {item.id: item for item in known}
    matching = sorted(id for id in named if wanted and id.startswith(wanted))
    if len(matching) == 1:
        return named[matching[0]]
    if matching:
        what = f'{len(matching)} {noun}s begin with "{wanted}": {", ".join(matching[:5])}.'
        raise Mistake(what, hint="Write more digits.")
    if problems := list(broken()):
        raise Mistake(problems)
    raise Mistake(f'there is no {noun} "{wanted}".', hint=did_you_mean(wanted, sorted(named), otherwise=otherwise))
