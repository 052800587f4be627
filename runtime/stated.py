"""What the people behind a model state of it, for its card: conf/card.yaml. Everything in it is optional."""

from __future__ import annotations

from .section import Section


class Stated(Section):
    """What a model card says that no run can know. The sections follow Annex IV of the EU AI Act; text is Markdown's plain text."""

    license: str = ""
    """Under what licence the model is given away, as Hugging Face names it: apache-2.0, cc-by-4.0, other."""
    tags: list[str] = []
    """Words by which the model is found."""
    provider: str = ""
    """Who answers for the model: a name, and how to reach them."""
    intended_use: str = ""
    """What its answers are for, and who acts on them."""
    out_of_scope: list[str] = []
    """What they must not be used for."""
    system: str = ""
    """The system it works in: other software and hardware, and how its answers reach people."""
    instructions: str = ""
    """How whoever uses it should read and use its answers."""
    design: str = ""
    """The choices that were made in its design, and why."""
    provenance: str = ""
    """Where the data comes from, how and when it was collected, and for what."""
    preparation: str = ""
    """How the data was labelled, cleaned and chosen before it came here."""
    human_oversight: str = ""
    """Who watches over its answers, and how they can be overruled."""
    planned_changes: str = ""
    """Changes that are planned beforehand, such as retraining each month."""
    security: str = ""
    """How it is kept from being tampered with."""
    limits: list[str] = []
    """What is known to limit it."""
    risks: list[str] = []
    """What could go wrong that nobody wants, and for whom: health, safety, rights, discrimination."""
    metrics: str = ""
    """Why the metrics suit what it is used for."""
    risk_management: str = ""
    """How risks are found, judged and dealt with (Article 9)."""
    changes: list[str] = []
    """What was changed over its life, version by version."""
    standards: list[str] = []
    """The standards that were followed."""
    declaration: str = ""
    """Where the EU declaration of conformity is."""
    monitoring: str = ""
    """How its performance is followed once it is in use (Article 72)."""

    @property
    def missing(self) -> list[str]:
        """The keys that say nothing, in order."""
        return [name for name in type(self).model_fields if name != "tags" and not getattr(self, name)]
