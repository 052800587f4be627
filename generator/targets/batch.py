"""Predictions for whole files: the script score.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..target import Target, Template

if TYPE_CHECKING:
    from overture.runtime.spec import Spec


class Batch(Target):
    """score.py."""

    def files(self, spec: Spec) -> dict[str, Template | str]:
        """The script that scores a file."""
        assert spec.serving.batch is not None
        return {"score.py": Template("score.py.jinja", {"rows": spec.serving.batch.rows})}
