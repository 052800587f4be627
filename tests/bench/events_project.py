"""Projects over the events of events.py, as a person would write them."""

from collections.abc import Iterable
from pathlib import Path

from .events import NUMBERS, PLANS, PRODUCTS, REGIONS, TIERS

CONFIG = """\
defaults:
  - base
  - _self_
  - override data: events
  - override model: catboost
  - override split: random
hydra:
  searchpath: [pkg://overture.conf]
name: bench
task: binary
target: label
positive: 1
seed: 42
"""
_FEATURES = [
    *(
        f"{name}: {{type: category, values: [{', '.join(labels)}]}}"
        for name, labels in (("plan", PLANS), ("region", REGIONS), ("product", PRODUCTS))
    ),
    "shop: {type: category}",
    *(f"{name}: {{type: number, min: -8, max: 8{', nullable: true' * (name == 'n8')}}}" for name in NUMBERS),
    "w0: {type: integer, min: 0, max: 99}",
    "w1: {type: integer, min: 0, max: 6}",
    "label: {type: category, values: [0, 1]}",
]
_ALL = [
    "event: {type: integer, min: 0}",
    "account: {type: integer, min: 0}",
    "at: {type: timestamp, min: 2023-01-01T00:00:00Z}",
    "updated: {type: timestamp}",
    *_FEATURES,
]
_JOINED = [
    "event: {type: integer}",
    *_FEATURES,
    f"tier: {{type: category, values: [{', '.join(TIERS)}]}}",
    "balance: {type: number}",
    "age: {type: integer}",
]


def checked(root: Path, file: Path) -> Path:
    """A project that describes all twenty columns, and asks for unique keys and fresh rows."""
    kind = file.suffix.removeprefix(".")
    head = [f"sources: {{events: {{kind: {kind}, path: {file}}}}}", "key: event", "time: at"]
    checks = "checks: {rows: {min: 1000}, unique: [event], fresh: {column: updated, max_age: 4000d}}"
    return _written(root, [*head, *_columns(_ALL), checks])


def joined(root: Path, folder: Path) -> Path:
    """A project that joins its account to each event."""
    sources = {name: f"{{kind: parquet, path: {folder / name}.parquet}}" for name in ("events", "accounts")}
    head = ["sources:", *(f"  {name}: {it}" for name, it in sources.items()), "base: events", "key: event"]
    return _written(root, [*head, "joins: [{source: accounts, by: account}]", *_columns(_JOINED)])


def _columns(lines: Iterable[str]) -> list[str]:
    return ["columns:", *(f"  {line}" for line in lines)]


def _written(root: Path, lines: list[str]) -> Path:
    (root / "conf" / "data").mkdir(parents=True)
    (root / "conf" / "config.yaml").write_text(CONFIG)
    (root / "conf" / "data" / "events.yaml").write_text("\n".join(lines) + "\n")
    (root / "hooks.py").write_text('"""Nothing of our own."""\n')
    return root
