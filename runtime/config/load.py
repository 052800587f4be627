"""From a project folder and overrides to a Spec: Hydra composes, pydantic validates, every fault is told at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from pydantic import ValidationError

from ..errors import Mistake, Place, Problem, key_path
from ..form import UNSHOWN, hides
from ..spec import Spec
from . import card, catalogs, explain, words
from .compose import compose, places
from .faults import PRIMARY
from .places import KeyPath, Places, read, scalars

if TYPE_CHECKING:
    import yaml
    from omegaconf import DictConfig
    from omegaconf.errors import OmegaConfBaseException


@dataclass(frozen=True)
class Loaded:
    """A valid configuration, and where each of its keys was written."""

    spec: Spec
    config: DictConfig
    places: Places

    @property
    def text(self) -> str:
        """The composed YAML, interpolations unresolved, so that no secret is in it."""
        return as_text(self.config)


def load(root: Path, overrides: Sequence[str] = ()) -> Loaded:
    """Compose and validate the configuration of a project.

    Raises Mistake with every problem there is.
    """
    if not (root / "conf" / f"{PRIMARY}.yaml").is_file():
        raise Mistake(
            f"there is no conf/{PRIMARY}.yaml here.",
            hint="Go to the folder of a project, or make one: overture new NAME --data FILE.",
        )
    loaded, found = examine(root, overrides)
    if found or loaded is None:
        raise Mistake(found)
    return loaded


def examine(root: Path, overrides: Sequence[str] = ()) -> tuple[Loaded | None, list[Problem]]:
    """The configuration, as far as it can be made out, with every problem of it.

    A section that is not valid is replaced by what every project starts from, so that the rest can still be checked
    against the data; None when not even that leads to a Spec.
    Raises Mistake when the files cannot be read or put together.
    """
    _readable(root)
    composition = compose(root, overrides)
    where = places(root, composition)
    before = [*composition.problems, *words.problems(where)]
    spec, found = _validated(root, composition.config, before)
    if spec is None:
        spec = _repaired(root, composition.config, found)
    problems = [*(where.locate(problem) for problem in found), *card.problems(root)]
    return Loaded(spec, composition.config, where) if spec else None, problems


def spec_of(root: Path, config: DictConfig) -> Spec:
    """The Spec of a configuration that Hydra composed for a training script.

    Raises Mistake with every problem there is, told as `load` tells it.
    """
    spec, found = _validated(root, config, [])
    if found or spec is None:
        _tell(root)
        raise Mistake(found)
    return spec


def spec_of_text(root: Path, text: str) -> Spec:
    """The Spec of a configuration that `as_text` wrote, as every run keeps it.

    Raises Mistake with every problem there is, without places.
    """
    from omegaconf import OmegaConf

    spec, found = _validated(root, cast("DictConfig", OmegaConf.create(text)), [])
    if found or spec is None:
        raise Mistake(found)
    return spec


def _tell(root: Path) -> None:
    """Compose once more while Hydra runs a job, for the places of what is wrong; Hydra goes on as before."""
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.hydra_config import HydraConfig

    running = GlobalHydra.instance().hydra
    GlobalHydra.instance().clear()
    try:
        load(root, list(HydraConfig.get().overrides.task) if HydraConfig.initialized() else [])
    finally:
        GlobalHydra.instance().hydra = running


def as_text(config: DictConfig) -> str:
    """The composed YAML with its interpolations unresolved."""
    from omegaconf import OmegaConf

    return OmegaConf.to_yaml(_without_hydra(config))


def _validated(root: Path, config: DictConfig, before: Sequence[Problem]) -> tuple[Spec | None, list[Problem]]:
    plain, holes = _plain(config)
    found = [*before, *holes]
    told = [problem.path for problem in found]
    spec: Spec | None = None
    try:
        spec = Spec.model_validate(plain, context=root)
        new = spec.problems()
    except ValidationError as error:
        new = explain.problems(error, Spec, plain, root)
    return spec, [*found, *(problem for problem in new if not _covered(problem.path, told))]


def _repaired(root: Path, config: DictConfig, found: Sequence[Problem]) -> Spec | None:
    """The Spec with sound stand-ins for the sections that are broken."""
    plain, _ = _plain(config)
    broken = {str(problem.path[0]) for problem in found if problem.path}
    stand_ins: dict[str, Any] = {"name": "project", "model": {"kind": "catboost"}, "split": {"kind": "random"}}
    repaired = {key: value for key, value in plain.items() if key not in broken and key in Spec.model_fields}
    repaired.update({key: value for key, value in stand_ins.items() if key in broken})
    try:
        spec = Spec.model_validate(repaired, context=root)
    except ValidationError:
        return None
    return None if any(problem.path[0] not in broken for problem in spec.problems()) else spec


def _readable(root: Path) -> None:
    """Every YAML file of the project can be parsed; else all that cannot are told together."""
    problems: list[Problem] = []
    for path in sorted((root / "conf").rglob("*.yaml")):
        try:
            name = path.relative_to(root).as_posix()
            problems += _unclosed(read(path, name), name)
        except Mistake as error:
            problems += error.problems
    problems = problems or list(catalogs.problems(root))
    if problems:
        raise Mistake(problems, notes=["The rest was not checked, because these files cannot be read."])


def _unclosed(node: yaml.Node | None, name: str) -> Iterator[Problem]:
    """The values of a file whose interpolations nobody can read."""
    for path, scalar, is_key in scalars(node):
        if is_key or "${" not in scalar.value:
            continue
        from omegaconf.errors import GrammarParseError
        from omegaconf.grammar_parser import parse

        try:
            parse(scalar.value)
        except GrammarParseError:
            place = Place(name, scalar.start_mark.line + 1)
            hint = "Write it as ${key} or ${oc.env:NAME}, or \\${ where no value is meant to be put in."
            yield Problem("what begins with ${ cannot be read.", key=key_path(path), place=place, hint=hint)


def _plain(config: DictConfig) -> tuple[dict[str, Any], list[Problem]]:
    """The configuration as plain Python, and what in it has no value: `???` and interpolations that fail."""
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    made: dict[str, Any] = {}
    try:
        for key in _keys(config):
            value = config[key]  # raises for what has no value
            made[key] = (
                OmegaConf.to_container(value, resolve=True, throw_on_missing=True)
                if OmegaConf.is_config(value)
                else value
            )
        return made, []
    except OmegaConfBaseException:
        problems: list[Problem] = []
        made = _walk(_without_hydra(config), (), problems)
        return made, problems


def _walk(node: Any, path: KeyPath, problems: list[Problem]) -> Any:
    from omegaconf import DictConfig, ListConfig, OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    def value(key: Any) -> Any:
        here = (*path, key)
        if OmegaConf.is_missing(node, key):
            problems.append(Problem("has no value yet (???).", here, hint=_wanting(here)))
            return None
        try:
            return _walk(node[key], here, problems)
        except OmegaConfBaseException as error:
            secret = any(hides(".".join(map(str, here[:end]))) for end in range(1, len(here) + 1))
            what = "takes its value from what is not there." if secret else _unresolved(error)
            problems.append(Problem(what, here, hint=UNSHOWN if secret else ""))
        return None

    if isinstance(node, DictConfig):
        return {key: value(key) for key in node}
    if isinstance(node, ListConfig):
        return [value(position) for position in range(len(node))]
    return node


def _unresolved(error: OmegaConfBaseException) -> str:
    """Why an interpolation has no value."""
    from omegaconf.errors import InterpolationKeyError

    if isinstance(error, InterpolationKeyError) and (found := re.search("'(.*)' not found", str(error))):
        return f"takes its value from {found[1]}, and there is no such key."
    return f"{(str(error).splitlines() or [type(error).__name__])[0]}."


def _wanting(path: KeyPath) -> str:
    """Where a value is written that is asked of the user."""
    first, *rest = map(str, path)
    inner = "…" if not rest else "".join(f"{{{key}: " for key in rest) + "…" + "}" * len(rest)
    return f"Write it in conf/config.yaml, {first}: {inner}, or say {'.'.join(map(str, path))}=… for once."


def _without_hydra(config: DictConfig) -> DictConfig:
    from omegaconf import OmegaConf

    return OmegaConf.masked_copy(config, _keys(config)) if "hydra" in config else config


def _keys(config: DictConfig) -> list[str]:
    """The keys of a configuration that are not Hydra's own."""
    return [str(key) for key in config if key != "hydra"]


def _covered(path: KeyPath, told: list[KeyPath]) -> bool:
    return any(path[: len(other)] == other for other in told if other)
