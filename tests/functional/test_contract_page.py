"""Every command of docs/contract.md does what the page shows."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "contract.md").read_text("utf-8")


def test_the_page_shows_what_is_printed(
    make_project: Callable[..., Path], overture: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    root = make_project()
    (block,) = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)

    for part in re.split(r"^\$ overture ", block, flags=re.MULTILINE)[1:]:
        words, _, shown = part.partition("\n")
        done = overture(*words.split(), cwd=root)
        assert done.returncode == 0
        assert done.stdout + done.stderr == shown
