"""The leaderboard of a sweep as a page: one HTML file without scripts."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from ..errors import OvertureError
from ..figures import count, counted, figure, interval, percent
from ..files import write
from ..report import marks
from ..report.html import document, folded, panel, table
from ..report.plots import Figure
from ..runs.run import REPORT, RUNS, Run
from . import coordinates
from .job import FOLD, Job
from .leaderboard import brief, front, greater_is_better, named, opened, parted
from .sweep import PAGE, Sweep
from .values import FEWEST, Values

CSS = """<style>.near { stroke-width: 1.6; opacity: 0.75; } .far { stroke: var(--soft); stroke-width: 1; opacity: 0.28; }
polyline:hover { stroke: var(--other); stroke-width: 3; opacity: 1; } .pan { overflow-x: auto; } .pan > svg { min-width: 44rem; max-width: none !important; }
.typed { white-space: pre-wrap; overflow-wrap: anywhere; }
figure + .grid { margin-top: 1.25rem; } a { color: var(--accent); }</style>"""


def kept(sweep: Sweep) -> str:
    """Write the page into the sweep's folder; its path in the project."""
    write(sweep.folder / PAGE, page(sweep))
    return (sweep.folder / PAGE).relative_to(sweep.root).as_posix()


def page(sweep: Sweep) -> str:
    """The HTML of the leaderboard; what comes from the data is escaped."""
    values, jobs = Values.of(sweep), sweep.jobs()
    score = _score(sweep, values)
    body = [CSS, *_top(sweep, values, jobs, score)]
    sections = [
        ("The best", _best(sweep, values)),
        ("Values and scores", _figures(sweep, values, score)),
        ("Leaderboard", _table(sweep, values, score)),
        ("Stopped early", _stopped([job for job in jobs if job.state == "pruned"])),
        ("Failed", _failed([job for job in jobs if job.state == "failed"])),
        ("What was asked for", _asked(sweep)),
    ]
    for title, parts in sections:
        if made := "".join(parts):
            body.append(f"<section><h2>{title}</h2>{made}</section>")
    return document(f"sweep {sweep.id}", body)


def command(words: Sequence[str]) -> str:
    """What to type to train with these overrides.

    assert command(["++model.params.depth=4"]) == "python train.py model.params.depth=4"
    """
    return shlex.join(["python", "train.py", *(word.lstrip("+") for word in words)])


def _score(sweep: Sweep, values: Values) -> str:
    if sweep.search:
        return next(iter(sweep.metrics))
    run = opened(sweep, values.jobs[0]) if values.jobs else None
    return str(run.facts["objective"]) if run is not None else "score"


def _top(sweep: Sweep, values: Values, jobs: Sequence[Job], score: str) -> Iterator[str]:
    when = str(sweep.facts["created"]).replace("T", " ").removesuffix("Z")[:16]
    what = f"search, judged {sweep.judged}" if sweep.search else "grid, judged on test rows"
    yield f'<header><h1>{escape(sweep.root.name)}</h1><p class="lead">A sweep: {what}</p>'
    states = [(sum(job.state == state for job in jobs), said) for state, said in _STATES.items()]
    told = ", ".join(f"{count(number)} {said}" for number, said in states if number)
    yield f'<p class="facts">sweep <code>{sweep.id}</code> · {told or "no job yet"} of {count(sweep.planned)} · {when} UTC</p></header>'
    if not values.jobs:
        yield '<p class="verdict open">No job has a score.</p>'
        return
    many, spread = len(values.scores), abs(values.scores[0] - values.scores[len(values.scores) // 2])
    noun = "trial" if sweep.search else "job"
    yield (
        f'<p class="verdict">{noun.capitalize()} {values.jobs[0].number} is the best: {escape(score)} {figure(values.scores[0])}</p>'
        f"<p>Half of the {counted(many, noun)} with a score are worse than it by {figure(spread)} or more.</p>"
    )


_STATES = {"finished": "finished", "pruned": "stopped early", "failed": "failed", "running": "under way"}


def _best(sweep: Sweep, values: Values) -> Iterator[str]:
    found, run = sweep.best(), None
    words: Sequence[str] = values.jobs[0].overrides if values.jobs else ()
    if found is not None:
        words, run = found["overrides"], _run(sweep, found["run"])
    elif values.jobs and not sweep.search:
        run = opened(sweep, values.jobs[0])
    if not words:
        return
    if run is not None:
        name = run.facts["objective"]
        metric = run.facts["metrics"][name]
        shown = interval(metric["value"], metric["low"], metric["high"]) if None not in metric.values() else "undefined"
        yield f"<p>Trained, and judged on the test rows: {escape(name)} {shown}. {_link(sweep, run)}</p>"
    yield f'<pre class="typed">{escape(command(words))}</pre>'


def _figures(sweep: Sweep, values: Values, score: str) -> Iterator[str]:
    if len(values.jobs) < 2 or not values.keys:
        return
    drawn = coordinates.parallel(values, score, greater_is_better(sweep, values.jobs))
    reading = "Each line is a job, from value to value to its score at the right; the best stands out. Wide scales are logarithmic."
    yield f'<figure><div class="pan">{drawn}</div><figcaption>{reading}</figcaption></figure><div class="grid">'
    if values.importance:
        names = named([*values.importance])
        shares = {names[key]: share for key, share in [*values.importance.items()][:12]}
        said = (
            "How much the rank of a job changes with each key: shares of the variance that a random forest, which learns the"
            " ranks from the values, takes away by splitting on it."
        )
        yield panel(Figure("Which values matter", marks.bars(shares, "Which values matter", percent), said))
    if sweep.search:
        more = greater_is_better(sweep, values.jobs)
        line = coordinates.history([job.number for job in values.jobs], values.scores, score, more)
        yield panel(
            Figure("How the search went", line, "Dots: trials in the order in which they came; line: the best so far.")
        )
    yield "</div>"
    if not values.importance:
        yield f'<p class="facts">Which values matter is said from {FEWEST} scored jobs on.</p>'


def _table(sweep: Sweep, values: Values, score: str) -> Iterator[str]:
    if not values.jobs:
        return
    names = named([*values.keys])
    metrics = [*sweep.metrics][1:]
    rows, best = [], {job.number for job in front(sweep, values.jobs)} if sweep.search else {values.jobs[0].number}
    for place, (job, value) in enumerate(zip(values.jobs, values.scores, strict=True)):
        run = None if sweep.search else opened(sweep, job)
        others = [figure(job.scores[name]) for name in metrics]
        cells = [escape(brief(values.keys[key][place])) for key in values.keys]
        link = [] if sweep.search else [_link(sweep, run) if run is not None else ""]
        mark = "best" if job.number in best else ""
        rows.append([str(job.number), figure(value), *others, *cells, f"{job.seconds:.1f}", *link, mark])
    last = [] if sweep.search else ["run"]
    head = ["trial" if sweep.search else "job", score, *metrics, *names.values(), "seconds", *last, ""]
    first = 2 + len(metrics)
    numbers = [*range(first), first + len(names)]
    yield table([escape(name) for name in head], rows, numbers, "first")
    if parted(sweep):
        yield '<p class="facts">Not all jobs were scored on the same rows by the same metric: those cannot be compared.</p>'
    if len(sweep.metrics) > 1:
        yield '<p class="facts">Best are the trials that no other beats in every metric.</p>'


def _stopped(jobs: Sequence[Job]) -> Iterator[str]:
    if jobs:
        words = [[str(job.number), escape(job.words), _reached(max(job.reports, default=0))] for job in jobs]
        yield folded(
            f"{counted(len(jobs), 'trial')} worse on the way than the median",
            table(["trial", "overrides", "stopped after"], words),
        )


def _reached(at: int) -> str:
    return counted(at // FOLD, "fold") if at >= FOLD else counted(at, "round")


def _failed(jobs: Sequence[Job]) -> Iterator[str]:
    if jobs:
        yield table(
            ["job", "overrides", "why"],
            [[str(it.number), escape(it.words), escape(" ".join(it.errors))] for it in jobs],
        )


def _asked(sweep: Sweep) -> Iterator[str]:
    words = shlex.join(
        ["python", "train.py", *([] if sweep.search else ["-m"]), *(it.lstrip("+") for it in sweep.facts["words"])]
    )
    yield f'<pre class="typed">{escape(words)}</pre><p>The same command again goes on where it ended: what was run is not run again.</p>'
    if found := sweep.facts.get("params"):
        yield table(
            ["key", "chosen from"], [[f"<code>{escape(key)}</code>", escape(said)] for key, said in found.items()]
        )


def _run(sweep: Sweep, run_id: Any) -> Run | None:
    try:
        return Run.open(sweep.root / RUNS / str(run_id))
    except OvertureError:
        return None


def _link(sweep: Sweep, run: Run) -> str:
    named = f"<code>{run.id}</code>"
    return f'<a href="../../{RUNS}/{run.id}/{REPORT}">{named}</a>' if run.told else named
