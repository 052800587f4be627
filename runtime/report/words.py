"""What a run's numbers mean, in sentences for someone who has never heard of log loss."""

from __future__ import annotations

from typing import Any

from ..figures import count, figure
from ..metric import METRICS

HARDLY = 0.005
"""The part of the baseline's error below which a gain, however sure, is none that people would notice."""
DIRECT = {"accuracy": "right", "mean_absolute_error": "off"}


def question(facts: dict[str, Any]) -> str:
    """What the model answers."""
    if facts["description"]:
        return str(facts["description"])
    if facts["task"] == "binary":
        return f'How likely is {facts["target"]} = "{_label(facts["positive"])}"?'
    return f"Which {facts['target']} is it?" if facts["task"] == "multiclass" else f"How much is {facts['target']}?"


def verdict(facts: dict[str, Any]) -> tuple[str, str]:
    """Is the model better than its baseline: a word for the colour (good, open, poor), and a sentence."""
    gain, other = facts["gain"], facts["baseline_label"]
    if gain["low"] is None or gain["high"] is None:
        return "open", f"Whether it is better than {other} cannot be said from these rows."
    if gain["low"] > 0:
        if (share := _share(facts)) is not None and share < HARDLY:
            return "open", f"Better than {other}, but by so little that it hardly matters."
        return "good", f"Clearly better than {other}."
    if gain["high"] < 0:
        return "poor", f"Worse than {other}."
    return "open", f"Not clearly better than {other}."


def _share(facts: dict[str, Any]) -> float | None:
    """What part of the error of the baseline the model takes away; None where that cannot be said, as of a project's own metric."""
    gain, base = facts["gain"]["value"], facts["baseline"].get(facts["objective"])
    if gain is None or base is None or facts["objective"] not in METRICS.names():
        return None
    wrong = 1 - base if facts["greater_is_better"] else base
    return float(gain / wrong) if wrong > 0 else None


def baselines(facts: dict[str, Any]) -> dict[str, dict[str, float | None]]:
    """The metrics of each baseline by what it says, the best first."""
    if "baselines" not in facts:  # a run of before
        return {facts["baseline_label"]: facts["baseline"]}
    return {it["label"]: it["metrics"] for it in facts["baselines"]}


def plain(facts: dict[str, Any]) -> str:
    """How often it is right, or how far off: beside the baseline; empty when neither was measured."""
    metrics, baseline, other = facts["metrics"], facts["baseline"], facts["baseline_label"]
    for name in DIRECT:
        model, base = metrics.get(name, {}).get("value"), baseline.get(name)
        if model is None or base is None:
            continue
        if name == "accuracy":
            rows = count(facts["rows"]["test"])
            return f"Of 100 rows it gets {100 * model:.0f} right; {other} gets {100 * base:.0f}. Judged on {rows} rows it had not seen."
        return f"On average it is off by {figure(model)}; {other} is off by {figure(base)}."
    return ""


def certainty(facts: dict[str, Any]) -> str:
    """The gain in the objective and its interval, in a sentence."""
    gain, name, base = facts["gain"], facts["objective"], facts["baseline"][facts["objective"]]
    value, low, high = gain["value"], gain["low"], gain["high"]
    if value is None or low is None or high is None:
        return ""
    up = facts["greater_is_better"] == (value > 0)
    share = f", which is {abs(100 * value / base):.0f} %" if base and not facts["greater_is_better"] else ""
    between = f"between {figure(low)} and {figure(high)}"
    moved = "higher" if up else "lower"
    return f"Its {name} is {moved} by {figure(abs(value))}{share}; with a confidence of 95 % the gain lies {between}."


def _label(label: object) -> str:
    return str(label).lower() if isinstance(label, bool) else str(label)
