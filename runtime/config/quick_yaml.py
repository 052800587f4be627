"""The YAML of a composition parsed in C, where there is a parser in C: the wider the table, the more that saves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import yaml


@contextmanager
def quick_yaml() -> Iterator[None]:
    """OmegaConf, which parses YAML in Python, parses it in C inside of this; what it makes of it stays its own."""
    from omegaconf import _utils

    slow = _utils.get_yaml_loader
    _utils.get_yaml_loader = lambda: _quick(slow())
    try:
        yield
    finally:
        _utils.get_yaml_loader = slow


def _quick(loader: Any) -> Any:
    """A loader class that parses in C, and resolves and constructs as the given one."""
    if not hasattr(yaml, "CSafeLoader") or issubclass(loader, yaml.CSafeLoader):
        return loader
    return type("Quick", (yaml.CSafeLoader, loader), {})
