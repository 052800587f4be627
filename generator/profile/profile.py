"""A table, looked at: what every column holds, what goes with the target, what deserves an eye."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ..infer.inferred import Note
from .columns import Facts, look
from .notes import notes

if TYPE_CHECKING:
    from overture.runtime.data.breach import Breach

    from .subject import Subject


SAMPLE = 100_000
"""At most so many rows are looked at for how values are spread and what goes with the target."""


@dataclass(frozen=True)
class Profile:
    """What was found."""

    source: str
    rows: int
    sampled: int
    """Rows that spreads and relations are told from."""
    target: str | None
    positive: str | None
    """The class whose share is shown by value; None where there is no such class."""
    columns: tuple[Facts, ...]
    notes: tuple[Note, ...]
    breaches: tuple[Breach, ...] = ()
    """How the rows break their contract."""
    about: str = ""
    owner: str = ""

    @property
    def related(self) -> list[Facts]:
        """The columns that explain something of the target, the most first."""
        found = [it for it in self.columns if it.relation is not None]
        return sorted(found, key=lambda it: -it.relation.explains if it.relation else 0.0)

    def as_dict(self) -> dict[str, Any]:
        """The whole for a machine to read."""
        return {**asdict(self), "breaches": [it.as_dict() for it in self.breaches]}


def profile(subject: Subject) -> Profile:
    """Look at a table."""
    from overture.runtime.progress import step

    with step("look") as now:
        positive, rows = _positive(subject), subject.frame.height
        sample = subject.frame.gather_every(-(-rows // SAMPLE) or 1)
        columns = look(subject, sample, positive)
        found = Profile(
            subject.name,
            rows,
            sample.height,
            subject.target,
            positive,
            columns,
            notes(subject, columns),
            subject.breaches,
            subject.about,
            subject.owner,
        )
        now.say(f"{len(columns):,} columns")
    return found


def _positive(subject: Subject) -> str | None:
    from overture.runtime.classes import count, positive_class, text

    if subject.task != "binary" or subject.target is None:
        return None
    counts = count(subject.frame[subject.target])
    return text(subject.positive if subject.positive is not None else positive_class(counts)) if counts else None
