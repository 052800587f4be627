"""Every YAML example of docs/tracking.md is a configuration."""

import re
from pathlib import Path

import pytest
import yaml

from overture.runtime.tracking.settings import Tracking

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "tracking.md").read_text("utf-8")


@pytest.mark.parametrize("text", re.findall(r"```yaml\n# conf/config.yaml\n(.*?)```", PAGE, re.DOTALL))
def test_an_example_is_a_configuration(text: str) -> None:
    assert Tracking.model_validate(yaml.safe_load(text)["tracking"])
