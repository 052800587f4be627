"""Every example of docs/serving.md is a configuration that loads."""

import re
from pathlib import Path

import pytest

from overture.generator.render import render
from overture.runtime.config.load import load

PAGE = (Path(__file__).parents[1] / "docs" / "serving.md").read_text()
EXAMPLES = re.findall(r"^```yaml\n# conf/config\.yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
COLUMNS = ("Contract: {type: category}", "notes: {type: text}")


@pytest.mark.parametrize("place", range(len(EXAMPLES)))
def test_an_example_loads_and_becomes_a_service(place, make_project):
    root = make_project()
    config, data = root / "conf" / "config.yaml", root / "conf" / "data" / "people.yaml"
    data.write_text(data.read_text() + "".join(f"  {line}\n" for line in COLUMNS))
    config.write_text(config.read_text() + EXAMPLES[place])

    made = render(load(root).spec)["service.py"].text

    assert "http_service(" in made


def test_the_page_has_examples():
    assert len(EXAMPLES) >= 3


def test_what_is_logged_is_overridden_on_the_command_line(make_project):
    spec = load(make_project(), ["serving.http.log.keep_days=30", "serving.http.auth={keys_env: KEYS}"]).spec

    assert spec.serving.http.log.keep_days == 30
    assert spec.serving.http.auth.keys_env == "KEYS"
