"""The page of a profile: one HTML file without scripts, in the style of the reports of runs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from html import escape

from overture.runtime.figures import count, counted, figure, percent
from overture.runtime.report import marks
from overture.runtime.report.html import document, folded, panel, table
from overture.runtime.report.marks import Axis, Chart
from overture.runtime.report.plots import Figure

from .columns import Facts
from .profile import Profile

DRAWN = 120
"""Columns that are drawn, those first that go with the target most; the table has all of them."""
_FIRST = 20  # columns of the bars; notes that are not folded
_DAYS = ("date", "timestamp")


def page(profile: Profile) -> str:
    """The HTML; the same profile gives the same bytes."""
    body = [*_top(profile)]
    sections = (
        ("What deserves an eye", _notes(profile)),
        ("Where the data breaks its contract", _breaches(profile)),
        (f"What goes with {escape(profile.target or '')}", _related(profile)),
        ("All columns", _overview(profile)),
        ("Each column", _cards(profile)),
    )
    for title, parts in sections:
        if made := "".join(parts):
            body.append(f"<section><h2>{title}</h2>{made}</section>")
    return document(f"{profile.source}: profile", body)


def _top(profile: Profile) -> Iterator[str]:
    told = [counted(profile.rows, "row"), counted(len(profile.columns), "column")]
    told += [f"target {escape(profile.target)}"] if profile.target else []
    told += [f"owner {escape(profile.owner)}"] if profile.owner else []
    missing = sum(facts.missing for facts in profile.columns)
    told += [f"{counted(missing, 'value')} missing"] if missing else ["no value missing"]
    yield f"<header><h1>{escape(profile.source)}</h1>"
    yield f'<p class="lead">{escape(profile.about or "A profile of its columns")}</p><p class="facts">{" · ".join(told)}</p></header>'
    if profile.sampled < profile.rows:
        yield (
            f'<p class="facts">Counted over all rows; how values are spread, and what goes with the target, is told from '
            f"{count(profile.sampled)} rows, taken evenly from the whole.</p>"
        )


def _notes(profile: Profile) -> Iterator[str]:
    lines = [
        f"<li><b>{escape(note.column)}</b> {escape(note.text)}</li>" if note.column else f"<li>{escape(note.text)}</li>"
        for note in profile.notes
    ]
    if lines:
        yield f"<ul>{''.join(lines[:_FIRST])}</ul>"
    if len(lines) > _FIRST:
        yield folded(f"{len(lines) - _FIRST} more", f"<ul>{''.join(lines[_FIRST:])}</ul>")


def _breaches(profile: Profile) -> Iterator[str]:
    rows = [
        [escape(it.column), it.rule, it.severity, count(it.count), percent(it.share), escape(it.what)]
        for it in profile.breaches
    ]
    if rows:
        yield table(["column or check", "rule", "severity", "rows", "share", "what"], rows, numbers=(3, 4))


def _related(profile: Profile) -> Iterator[str]:
    shares = {it.name: it.relation.explains for it in profile.related[:_FIRST] if it.relation}
    if not shares:
        return
    reading = (
        f"How much of what varies in {escape(profile.target or '')} each column explains by itself, less what chance would. "
        "A column near 100 % may know the answer; one near 0 % may still help together with others."
    )
    yield panel(Figure("", marks.bars(shares, "What each column explains", percent), reading), titled=False)


def _overview(profile: Profile) -> Iterator[str]:
    rows = []
    for facts in profile.columns:
        ends = [_value(it) for it in (facts.low, facts.median, facts.mean, facts.high)]
        missing = percent(facts.missing / profile.rows) if facts.missing else ""
        rows.append([escape(facts.name), facts.type, missing, count(facts.distinct), *ends, _far(facts)])
    head = ["column", "type", "missing", "different", "least", "middle", "mean", "greatest", "far out"]
    yield table(head, rows, numbers=(2, 3, 4, 5, 6, 7, 8))


def _cards(profile: Profile) -> Iterator[str]:
    first = {it.name: place for place, it in enumerate(profile.related)}
    chosen = sorted(profile.columns, key=lambda it: (it.name != profile.target, first.get(it.name, len(first))))[:DRAWN]
    drawn = [facts for facts in profile.columns if facts in chosen]
    yield f'<div class="grid">{"".join(_card(facts, profile) for facts in drawn)}</div>'
    if len(chosen) < len(profile.columns):
        yield f'<p class="facts">{len(chosen)} of {counted(len(profile.columns), "column")} are drawn.</p>'


def _card(facts: Facts, profile: Profile) -> str:
    relation = facts.relation
    told = [facts.type, counted(facts.distinct, "value")]
    told += [f"{percent(facts.missing / profile.rows)} missing"] if facts.missing else []
    told += [f"explains {percent(relation.explains)}"] if relation else []
    told += [f"r = {relation.r:.2f}"] if relation and relation.r is not None else []
    body = "".join(_drawn(facts, profile))
    return f'<figure><h3>{escape(facts.name)}</h3><p class="facts">{" · ".join(told)}</p>{body}</figure>'


def _drawn(facts: Facts, profile: Profile) -> Iterator[str]:
    if facts.personal:
        yield "<figcaption>Its values are personal and not shown.</figcaption>"
    elif facts.bins:
        low, high = facts.bins[0].low, facts.bins[-1].high
        yield _histogram(facts, low, high)
        yield f"<figcaption>{_range(facts)}</figcaption>"
        yield _line(facts, profile, low, high)
    elif facts.labels:
        yield _bars(facts, profile)
    elif facts.distinct:
        yield "<figcaption>Its values hardly ever come again.</figcaption>"


def _axis(facts: Facts, low: float, high: float) -> Axis:
    if facts.type not in _DAYS:
        return Axis(low, high, at=marks.ticks(low, high, 4))
    at = marks.ticks(low, high, 3)
    days = [dt.date(1970, 1, 1) + dt.timedelta(days=round(place)) for place in at]
    return Axis(low, high, at=at, words=[day.isoformat() for day in days])


def _histogram(facts: Facts, low: float, high: float) -> str:
    most = max(it.rows for it in facts.bins) * 1.05
    chart = Chart(_axis(facts, low, high), Axis(0, most, at=()), f"How {facts.name} is spread", height=130, bottom=22)
    gap = 0.03 * (high - low) / len(facts.bins)
    for it in facts.bins:
        if it.rows:
            says = f"{_at(facts, it.low)} to {_at(facts, it.high)}: {count(it.rows)} rows"
            chart.bar((it.low + gap, 0), (it.high - gap, it.rows), says=says)
    return chart.svg()


def _line(facts: Facts, profile: Profile, low: float, high: float) -> str:
    """What the target is along the values of a column."""
    groups = [it for it in (facts.relation.groups if facts.relation else ()) if it.at is not None]
    groups = [it for it in groups if it.at is not None and low <= it.at <= high]
    if len(groups) < 2:
        return ""
    share = profile.positive is not None
    least, most = min(it.target for it in groups), max(it.target for it in groups)
    edge = 0.12 * ((most - least) or 1)
    least, most = (0.0, min(1.0, most * 1.15) or 1.0) if share else (least - edge, most + edge)
    chart = Chart(
        _axis(facts, low, high),
        Axis(least, most, at=marks.ticks(least, most, 3)),
        _asks(profile),
        height=120,
        bottom=22,
    )
    points = [(it.at, it.target) for it in groups if it.at is not None]
    chart.line(points, "line other")
    for point, it in zip(points, groups, strict=True):
        chart.dot(
            point,
            "dot other",
            says=f"about {_at(facts, point[0])}: {_target(it.target, share)} of {count(it.rows)} rows",
        )
    return f"{chart.svg()}<figcaption>{escape(_asks(profile))}</figcaption>"


def _asks(profile: Profile) -> str:
    if profile.positive is not None:
        return f"Share of rows with {profile.target} = {profile.positive}, by value."
    return f"Mean of {profile.target}, by value."


def _target(value: float, share: bool) -> str:
    return percent(value) if share else figure(value)


def _bars(facts: Facts, profile: Profile) -> str:
    """The most frequent labels, and what the target is among the rows of each."""
    by_label = {it.value: it for it in (facts.relation.groups if facts.relation else ())}
    share = profile.positive is not None
    rows = {_shown(label): number for label, number in facts.labels}
    told = {
        _shown(label): count(number) + (f" · {_target(by_label[label].target, share)}" if label in by_label else "")
        for label, number in facts.labels
    }
    most = max(rows.values())
    names = Axis(len(rows) - 0.4, -0.6, at=range(len(rows)), words=[_cut(name) for name in rows])
    chart = Chart(
        Axis(0, most * 1.7, at=()), names, f"The labels of {facts.name}", 380, 16 + 21 * len(rows), 8, grid=""
    )
    for place, (name, number) in enumerate(rows.items()):
        chart.bar((0, place - 0.32), (number, place + 0.32), says=f"{name}: {told[name]}")
        chart.word((number, place), told[name], "word", "start", (6, 4))
    more = facts.distinct - len(facts.labels)
    said = [f"{counted(more, 'more value')}."] if more > 0 else []
    said += [_asks(profile).replace(", by value.", " behind the rows.")] if by_label else []
    return f"{chart.svg()}<figcaption>{escape(' '.join(said))}</figcaption>"


def _shown(label: str) -> str:
    return label if label.strip() else f'"{label}"'


def _cut(name: str) -> str:
    return name if len(name) <= 18 else f"{name[:17]}…"


def _range(facts: Facts) -> str:
    told = [f"{_value(facts.low)} to {_value(facts.high)}"]
    if facts.median is not None and facts.mean is not None:
        told.append(f"middle {_value(facts.median)}, mean {figure(facts.mean)}")
    if facts.far:
        told.append(f"{counted(facts.far, 'value')} far out")
    return escape("; ".join(told))


def _value(value: float | str | None) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return escape(value)
    return count(int(value)) if float(value).is_integer() and abs(value) < 1e15 else figure(value)


def _at(facts: Facts, value: float) -> str:
    if facts.type not in _DAYS:
        return figure(value)
    return (dt.date(1970, 1, 1) + dt.timedelta(days=round(value))).isoformat()


def _far(facts: Facts) -> str:
    return count(facts.far) if facts.far else ""
