"""The `explanations` section: how much a run tells of its model."""

from __future__ import annotations

from pydantic import Field

from ..section import Section


class Explanations(Section):
    """What is found out about a model on rows it has not seen, for its report."""

    rows: int = Field(default=10_000, ge=50, le=50_000)
    """The most held-out rows that are looked at: drawn by chance, always the same ones."""
    repeats: int = Field(default=5, ge=1, le=20)
    """How often a column is shuffled to see what that costs."""
    columns: int = Field(default=6, ge=0, le=50)
    """Columns whose effect on the prediction is drawn, the most important ones."""
    errors: int = Field(default=10, ge=0, le=100)
    """Rows that are shown because the model errs most on them."""
    segments: int = Field(default=5, ge=0, le=20)
    """Groups of rows that are shown because the model is weak on them."""
    predictions: int | None = Field(default=None, ge=1000)
    """The most predictions that are asked of the model for it; null: as many as cost a small share of what the training took."""
