"""Everything a run tells of its model, as plain JSON: what explanations.json holds."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from ..errors import OvertureError
from .dependence import candidates, dependence
from .importance import MOST_COLUMNS, extent, importance
from .segments import LEAST_ROWS, segments
from .subject import Subject
from .summary import summary
from .worst import worst

_log = logging.getLogger("overture")


def explained(subject: Subject) -> dict[str, Any]:
    """The explanations of a model; the same for the same subject. A part that cannot be made is null, and notes say why.

    {rows (looked at), of, objective, shuffled: {rows, repeats}, importance, shap, dependence, errors, segments, notes}; for the parts see their modules.
    """
    notes: list[str] = []

    def made(what: str, part: Callable[[], Any]) -> Any:
        try:
            return part()
        except Exception as error:  # what a project's own model or hook does; the run is worth keeping all the same
            notes.append(f"{what} could not be made: {_first(error)}")
            _log.debug("%s could not be made", what, exc_info=True)
            return None

    shap = made("SHAP values", lambda: summary(subject))
    if shap is None and not notes:
        notes.append(
            "SHAP values take too many predictions of this model; explanations.predictions says how many may be made"
        )
    first = _first_columns(subject, shap)
    ranked = made("permutation importance", lambda: importance(subject, first))
    if ranked and len(first) > MOST_COLUMNS:
        notes.append(f"of {len(first)} columns, the {MOST_COLUMNS} that add most to the score were shuffled")
    order = [one["column"] for one in ranked] if ranked else first
    drawn = candidates(subject, order)[: subject.settings.columns]
    effects = made("dependence", lambda: dependence(subject, drawn))
    if effects and len(effects) < len(drawn):
        notes.append(
            f"effects of {len(effects)} columns are drawn, as more would take too many predictions of this model"
        )
    if subject.settings.segments and subject.rows.height < LEAST_ROWS:
        notes.append(f"{subject.rows.height} rows are too few to look for weak groups; {LEAST_ROWS} are needed")
    return {
        "rows": subject.rows.height,
        "of": subject.held.of,
        "objective": subject.objective,
        "shuffled": dict(zip(("rows", "repeats"), extent(subject, len(first)), strict=True)),
        "importance": ranked,
        "shap": shap,
        "dependence": effects,
        "errors": made("the worst errors", lambda: worst(subject, order)),
        "segments": made("weak groups", lambda: segments(subject)) if subject.settings.segments else [],
        "notes": notes,
    }


def said(explanations: dict[str, Any]) -> list[str]:
    """Lines for people: the columns that matter most, and the weakest group of rows."""
    from ..errors import listed
    from ..figures import percent

    told = []
    clear = [one["column"] for one in explanations["importance"] or () if (one["low"] or 0) > 0]
    if clear:
        told.append(f"{listed(clear[:3], 'and')} matter{'s' if len(clear) == 1 else ''} most")
    for group in (explanations["segments"] or ())[:1]:
        told.append(f"weaker where {where(group)}: {percent(group['share'])} of the rows")
    return [*told, *explanations["notes"]]


def where(group: dict[str, Any]) -> str:
    """Which rows are in a group, in words."""
    return " and ".join(f"{one['column']} is {one['is']}" for one in group["where"])


def _first_columns(subject: Subject, shap: dict[str, Any] | None) -> list[str]:
    """The features, those that add most to the score first; what a derived column adds counts for none of them."""
    names = list(subject.schema.features)
    sizes = {one["input"]: one["size"] or 0 for one in shap["inputs"]} if shap else subject.model.importance()
    return sorted(names, key=lambda name: -sizes.get(name, 0))


def _first(error: Exception) -> str:
    if isinstance(error, OvertureError):
        return str(error.problems[0])
    said = (str(error).splitlines() or [""])[0]
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
