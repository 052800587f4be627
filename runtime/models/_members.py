"""Models that are made of others: which others, how they are fitted, and where they are kept."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from ..errors import Mistake, Problem
from ..form import Form
from ..kinds import ByKind
from ..model import MODELS, Cost, Fitted, Model
from ..options import Ability
from ..sweeps.job import unwatched

if TYPE_CHECKING:
    import polars as pl

    from ..model import Advance
    from ..schema import Schema, Task

FILE = "members.json"


@dataclass(frozen=True)
class _OneOf(ByKind):
    """A model within a model; an editor is told no more, because it could go on for ever."""

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": "object", "description": "A model, as a file of conf/model says one.", "required": ["kind"]}


if TYPE_CHECKING:
    Member = Model
else:
    Member = Annotated[Model, _OneOf(MODELS)]
Name = Annotated[str, Form(r"^[a-z][a-z0-9_]*$", "lower-case letters, digits and underscores, starting with a letter")]
Members = Annotated[dict[Name, Member], Field(min_length=2)]


class Combined(Model):
    """A model of members; it can do what they can."""

    members: Members
    """The models by a name of your choice, each as a file of conf/model says one."""

    def problems(self, task: Task) -> list[Problem]:
        """What keeps a member from the task; parameters, which only members have."""
        found = [Problem(f"a {self.kind} has no params; its members have.", ("model", "params"))] if self.params else []
        return [*found, *_problems(self.members, task)]

    def abilities(self, task: Task) -> frozenset[Ability]:
        """Weights, where every member can."""
        every = all("weights" in member.abilities(task) for member in self.members.values())
        return frozenset({"weights"} if every else ())

    def uses_validation(self) -> bool:
        """Where a member does."""
        return any(member.uses_validation() for member in self.members.values())

    def packages(self) -> tuple[str, ...]:
        """Those of the members."""
        return tuple(sorted({name for member in self.members.values() for name in member.packages()}))

    def label(self, task: Task) -> str:
        """Its kind."""
        return self.kind


def _problems(members: Mapping[str, Model], task: Task) -> Iterator[Problem]:
    """What keeps a member from the task, or from being one."""
    for name, member in members.items():
        path = ("model", "members", name)
        if member.kind not in MODELS.names() or member.kind == "hooks":
            yield Problem(f"{member.kind} cannot be a member of another model.", (*path, "kind"))
            continue
        for option in ("calibration", "threshold", "interval"):
            if getattr(member, option) is not None:
                yield Problem("is said of the whole model, not of a member.", (*path, option))
        yield from (replace(it, path=(*path, *it.path[1:])) for it in member.problems(task))


def ready(model: Combined) -> dict[str, Model]:
    """The members with the seed, the threads and the weights of classes of the whole, where they have none of their own."""

    def filled(member: Model) -> Model:
        own = {name: getattr(member, name) for name in ("seed", "threads", "class_weight")}
        return member.model_copy(update={n: getattr(model, n) if value is None else value for n, value in own.items()})

    return {name: filled(member) for name, member in model.members.items()}


def fitted(
    members: Mapping[str, Model], train: pl.DataFrame, valid: pl.DataFrame | None, schema: Schema, advance: Advance
) -> dict[str, Fitted]:
    """Each member, fitted; those that stop early watch `valid`."""
    found = {}
    for done, (name, member) in enumerate(members.items()):
        advance(done, len(members))
        watched = valid if member.uses_validation() else None
        with unwatched():
            found[name] = member.fit(train, watched, schema, lambda done, most: None)
    return found


def again(members: Mapping[str, Model], found: Mapping[str, Fitted], frame: pl.DataFrame) -> dict[str, Fitted]:
    """Each member, learned once more from all rows."""

    def one(name: str, member: Model) -> Fitted:
        if member.uses_validation():
            return member.relearn(found[name], frame, lambda done, most: None) or found[name]
        return member.fit(frame, None, found[name].schema, lambda done, most: None)

    return {name: one(name, member) for name, member in members.items()}


def cost(found: Mapping[str, Fitted]) -> Cost:
    """That of all members."""
    return sum((member.cost for member in found.values()), Cost(0.0, 0.0))


def save(folder: Path, kinds: Mapping[str, str], found: Mapping[str, Fitted], more: Mapping[str, Any]) -> None:
    """Write members.json, and each member into a folder of its name."""
    for name, member in found.items():
        (folder / name).mkdir()
        member.save(folder / name)
    (folder / FILE).write_text(json.dumps({"kinds": dict(kinds), **more}, indent=1) + "\n", "utf-8")


def load(folder: Path, schema: Schema) -> tuple[dict[str, str], dict[str, Fitted], dict[str, Any]]:
    """The kinds, the members and what else `save` wrote.

    Raises Mistake when a file is damaged, or holds types that are not allowed.
    """
    try:
        state = json.loads((folder / FILE).read_bytes())
        kinds = {str(name): str(kind) for name, kind in state.pop("kinds").items()}
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise Mistake(f"{FILE} cannot be opened: it is damaged, or was not written by overture.") from error
    return kinds, {name: MODELS[kind].load(folder / name, schema) for name, kind in kinds.items()}, state
