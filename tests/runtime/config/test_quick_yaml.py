"""Parsing in C changes how long reading takes, and nothing else."""

from pathlib import Path

import pytest
from omegaconf import OmegaConf

from overture.runtime.config.quick_yaml import quick_yaml

TEXTS = [
    'a: {b: "Yes", c: yes, d: 1e3, e: 1_000, f: .5, g: 2024-01-31, h: 12:30, i: 010, j: ~}\n',
    "a: ${oc.env:HOME}\nb: ???\nc: '???'\n",
    'description: |\n  One.\n\n  Two "q" \\n.\nnames: ["ü", "😀", "‮"]\n',
    "base: &x {k: 1}\nother: {<<: *x, l: [1, 2.5, null, true]}\n",
    "",
]


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_read_is_the_same(text: str, tmp_path: Path) -> None:
    file = tmp_path / "some.yaml"
    file.write_text(text, encoding="utf-8")

    slow = OmegaConf.load(file)
    with quick_yaml():
        quick = OmegaConf.load(file)

    assert OmegaConf.to_container(quick) == OmegaConf.to_container(slow)
    assert repr(quick) == repr(slow)


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "some.yaml"
    file.write_text("a: 1\na: 2\n")

    with quick_yaml(), pytest.raises(Exception, match="duplicate key a"):
        OmegaConf.load(file)
