"""The YAML example of docs/splits.md is a split."""

import re
from pathlib import Path

import yaml

from overture.runtime.splitting import SPLITS

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "splits.md").read_text("utf-8")


def test_every_example_is_a_split() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert blocks
    for given in map(yaml.safe_load, blocks):
        assert SPLITS[given["kind"]].model_validate(given).gap == "7d"  # type: ignore[attr-defined]
