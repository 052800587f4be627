"""Configurations that differ in values only are put together from the same files once, however many jobs a sweep has."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4


class Made:
    """What was made of choices of options."""

    def __init__(self) -> None:
        self.lists: dict[Any, Any] = {}
        self.configs: dict[Any, Any] = {}
        self.words: dict[str, Any] = {}
        self.repos: dict[Any, Any] = {}


_process: dict[str, Made] = {}  # of the last sweep


class Alike:
    """Stands for a loader of Hydra in the processes of a launcher: each of them remembers from one job to the next."""

    def __init__(self, loader: Any) -> None:
        self._loader, self._sweep = loader, uuid4().hex

    def load_sweep_config(self, master_config: Any, sweep_overrides: list[str]) -> Any:
        """The configuration of a job."""
        if self._sweep not in _process:
            _process.clear()
            _process[self._sweep] = Made()
        with alike(self._loader, _process[self._sweep]):
            return self._loader.load_sweep_config(master_config, sweep_overrides)


@contextmanager
def alike(loader: Any, made: Made | None = None) -> Iterator[None]:
    """Inside of this a loader of Hydra remembers what it made of the same choices of options; values are applied anew.

    made: what it made before, to which it adds.
    """
    from hydra._internal import config_loader_impl
    from hydra.core.override_parser.overrides_parser import OverridesParser

    listed, put_together = config_loader_impl.create_defaults_list, loader._compose_config_from_defaults_list
    parse = loader._parse_overrides_and_create_caching_repo
    made = made or Made()
    lists, configs = made.lists, made.configs

    def defaults_list(repo: Any, config_name: Any, overrides_list: list[Any], **options: Any) -> Any:
        groups = [override for override in overrides_list if repo.group_exists(override.key_or_group)]
        asked = (config_name, *(override.input_line for override in groups), *sorted(options.items()))
        if asked not in lists:
            lists[asked] = listed(repo=repo, config_name=config_name, overrides_list=overrides_list, **options)
            return lists[asked]
        values = [override for override in overrides_list if override not in groups]
        return replace(lists[asked], config_overrides=values)

    def composed(defaults: list[Any], repo: Any) -> Any:
        asked = tuple((default.config_path, default.package) for default in defaults)
        if asked not in configs:
            configs[asked] = put_together(defaults=defaults, repo=repo)
        return copy.deepcopy(configs[asked])

    def parsed(config_name: Any, overrides: list[str]) -> tuple[list[Any], Any]:
        """What words mean, and the files they choose from: each word is read once."""
        asked = (config_name, *(word for word in overrides if "searchpath" in word))
        if asked not in made.repos:
            found, made.repos[asked] = parse(config_name, overrides)
            made.words.update(zip(overrides, found, strict=True))
        parser = OverridesParser.create()
        for word in overrides:
            if word not in made.words:
                made.words[word] = parser.parse_overrides([word])[0]
        return [copy.copy(made.words[word]) for word in overrides], made.repos[asked]

    config_loader_impl.create_defaults_list, loader._compose_config_from_defaults_list = defaults_list, composed
    loader._parse_overrides_and_create_caching_repo = parsed
    try:
        yield
    finally:
        config_loader_impl.create_defaults_list = listed
        del loader._compose_config_from_defaults_list, loader._parse_overrides_and_create_caching_repo
