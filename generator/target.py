"""What every serving target does. A target is one file in `targets/`: which files it adds to a project."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from overture.runtime.kinds import Kinds

if TYPE_CHECKING:
    from overture.runtime.spec import Spec


@dataclass(frozen=True)
class Template:
    """A template of overture.templates and the values it is rendered with."""

    name: str
    values: dict[str, Any] = field(default_factory=dict)


class Target:
    """A way of serving a model."""

    def files(self, spec: Spec) -> dict[str, Template | str]:
        """The files of this target by their path in the project: a template, or text that is ready as it is."""
        raise NotImplementedError


TARGETS: Kinds[Target] = Kinds("serving target", "overture.generator.targets", Target)
