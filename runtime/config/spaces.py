"""What a search may choose from: Hydra's words for many values, as distributions of Optuna."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import Mistake, Place, Problem, listed
from ..search import varies_too_much
from .faults import told
from .places import COMMAND_LINE

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

    Choice = str | int | float | bool | None


READABLE = "range(4, 11), interval(0.1, 1), choice(a, b) or tag(log, interval(1e-3, 1))"
"""How values to choose from are written."""


@dataclass(frozen=True)
class Space:
    """The keys of a search with their distributions, and the overrides that are the same in every trial."""

    keys: dict[str, BaseDistribution]
    fixed: list[str]

    def overrides(self, params: Mapping[str, Any]) -> list[str]:
        """The overrides of a trial: first what is fixed, then each key with the value proposed."""
        return [*self.fixed, *(f"{key}={written(params[key])}" for key in self.keys)]

    def params(self, overrides: Iterable[str]) -> dict[str, Any]:
        """The values that the overrides of a trial give to the keys."""
        given = dict(word.split("=", 1) for word in overrides if "=" in word)
        return {key: _read(given[key], distribution) for key, distribution in self.keys.items()}

    def first(self) -> dict[str, Any]:
        """Some values, to see whether a configuration can be put together from them."""
        return {key: _some(distribution) for key, distribution in self.keys.items()}

    def known(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Those of the given values, by dotted key, that can be chosen."""
        plain = {_plain(key): value for key, value in given.items()}
        found = {key: _member(plain[_plain(key)], it) for key, it in self.keys.items() if _plain(key) in plain}
        return {key: value for key, value in found.items() if value is not None}

    def unknown(self, given: Mapping[str, Any]) -> dict[str, str]:
        """By dotted key, what there is in place of those of the given values that cannot be chosen."""
        there = {_plain(key): described(it) for key, it in self.keys.items()}
        there |= {_plain(key): value for key, _, value in (word.partition("=") for word in self.fixed)}
        known = {_plain(key) for key in self.known(given)}
        same = {key for key, value in given.items() if there.get(_plain(key)) in _spelled(value)}
        return {key: there[_plain(key)] for key in given if _plain(key) in there.keys() - known and key not in same}

    def combinations(self) -> list[dict[str, Any]]:
        """Every combination of values.

        Raises Mistake when a key has a range without steps.
        """
        import itertools

        problems = [
            Problem("a grid needs values it can count.", key=key, hint="Write range(start, stop, step) or choice(…).")
            for key, distribution in self.keys.items()
            if _values(distribution) is None
        ]
        if problems:
            raise Mistake(problems)
        values = [_values(distribution) or [] for distribution in self.keys.values()]
        return [dict(zip(self.keys, found, strict=True)) for found in itertools.product(*values)]


def space(params: Mapping[str, Any], words: Iterable[str]) -> Space:
    """The space of a search: what the configuration gives, and what the command line says instead or besides.

    Raises Mistake for values that cannot be read, for keys a search cannot vary, and when there is nothing to vary.
    """
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    parser = OverridesParser.create()
    given = list(words)
    typed = {_plain(word.partition("=")[0]) for word in given}
    own = [f"{_open(key)}={_asked(value)}" for key, value in params.items() if key not in typed]
    keys: dict[str, BaseDistribution] = {}
    fixed, problems = [], []
    for word in [*own, *given]:
        try:
            override = parser.parse_override(word)
            if not override.is_sweep_override():
                fixed.append(word)
                continue
            if problem := varies_too_much(override.key_or_group):
                raise ValueError(problem)
            keys[override.get_key_element()] = _distribution(override)
        except (HydraException, ValueError) as error:
            problems.append(_told(word, word in given, error))
    if problems:
        raise Mistake(problems)
    if not keys:
        hint = "Write them as 'model.params.depth=range(4,11)', or choose sweep=catboost, whose values are packaged."
        raise Mistake("the search has no values to choose from.", hint=hint)
    return Space(keys, fixed)


def described(distribution: BaseDistribution) -> str:
    """What a key is chosen from, for people."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(distribution, CategoricalDistribution):
        return listed(distribution.choices)
    assert isinstance(distribution, FloatDistribution | IntDistribution)
    step = f" in steps of {distribution.step}" if distribution.step not in (None, 1) else ""
    whole = "whole numbers from " if isinstance(distribution, IntDistribution) else ""
    return f"{whole}{distribution.low} to {distribution.high}{step}{', logarithmic' if distribution.log else ''}"


def written(value: Choice) -> str:
    """A proposed value as an override has it; a choice is written already."""
    return value if isinstance(value, str) else repr(value)


def _distribution(override: Any) -> BaseDistribution:
    from hydra.core.override_parser.types import IntervalSweep, RangeSweep
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    value = override.value()
    if isinstance(value, IntervalSweep):
        log = "log" in value.tags
        if isinstance(value.start, int) and isinstance(value.end, int):
            return IntDistribution(value.start, value.end, log=log)
        return FloatDistribution(float(value.start or 0), float(value.end or 0), log=log)
    if isinstance(value, RangeSweep):
        values = sorted(value.range())
        if values and all(isinstance(it, int) for it in values):
            return IntDistribution(values[0], values[-1], step=abs(int(value.step)))
    return CategoricalDistribution(list(dict.fromkeys(override.sweep_string_iterator())))


def _read(text: str, distribution: BaseDistribution) -> Any:
    from optuna.distributions import FloatDistribution, IntDistribution

    if isinstance(distribution, IntDistribution):
        return int(text)
    return float(text) if isinstance(distribution, FloatDistribution) else text


def _values(distribution: BaseDistribution) -> list[Any] | None:
    """All the values there are; None when they are without number."""
    from optuna.distributions import CategoricalDistribution, IntDistribution

    if isinstance(distribution, CategoricalDistribution):
        return list(distribution.choices)
    if isinstance(distribution, IntDistribution) and not distribution.log:
        return list(range(distribution.low, distribution.high + 1, distribution.step))
    return None


def _member(value: Any, distribution: BaseDistribution) -> Any:
    """A value as its distribution has it; None: it is not among those to choose from."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    if isinstance(distribution, CategoricalDistribution):
        spelled = {it.replace(" ", "") for it in _spelled(value)}
        return next((it for it in distribution.choices if str(it).replace(" ", "") in spelled), None)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    number = float(value) if isinstance(distribution, FloatDistribution) else value
    return type(distribution.low)(number) if distribution._contains(number) else None


def _some(distribution: BaseDistribution) -> Any:
    values = _values(distribution)
    return values[0] if values else distribution.low


def _asked(value: Any) -> str:
    """A value of `sweep.params` as an override has it; a list is a choice."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ",".join(map(_quoted, value)) if len(value) != 1 else f"choice({_quoted(value[0])})"
    return _quoted(value)


def _quoted(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _spelled(value: Any) -> set[str]:
    """How an override may have a value."""
    return {_quoted(value), str(value)}


def _open(key: str) -> str:
    from .compose import opened

    return next(opened([f"{key}=0"])).removesuffix("=0")


def _plain(key: str) -> str:
    return key.lstrip("+~")


def _told(word: str, typed: bool, error: Exception) -> Problem:
    from hydra.errors import HydraException

    key, _, value = word.partition("=")
    unreadable = isinstance(error, HydraException)
    if typed:
        what = told(error, Path(), [word])[0].what if unreadable else str(error)
        return Problem(what, key=_plain(word), place=Place(COMMAND_LINE))
    what, hint = (f"{value} cannot be read.", f"Write it as {READABLE}.") if unreadable else (str(error), "")
    return Problem(what, ("sweep", "params", _plain(key)), hint=hint)
