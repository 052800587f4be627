"""Text that must have a certain form: its pattern, and beside it the words in which a person is told of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from .errors import Place, Problem

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic_core import CoreSchema


@dataclass(frozen=True)
class Form:
    """Of a field's text: `Annotated[str, Form(pattern, words)]`; nothing but such text is taken."""

    pattern: str
    words: str
    """What it must be, as in "must be … , not …"."""
    secret: bool = False
    """May what stands there by mistake hold a password, so that it is never repeated?"""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        text = core_schema.str_schema(pattern=self.pattern, strict=True)
        context: dict[str, Any] = {"words": self.words, "secret": self.secret}
        told = "must be {words}"
        return core_schema.custom_error_schema(
            text, custom_error_type="form", custom_error_message=told, custom_error_context=context
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), "patternErrorMessage": f"must be {self.words}"}


_VARIABLE = Form(r"^[A-Za-z_][A-Za-z0-9_]*$", "the name of an environment variable, as CRM_DATABASE", secret=True)
_NAME = re.compile(rf"(['\"]?){_VARIABLE.pattern[1:-1]}\1")
EnvironmentVariable = Annotated[str, _VARIABLE]
"""The name of one, whose value is secret. Keys that hold such a name end as `hides` knows."""
UNSHOWN = "What stands here is not shown: an address or a password is written in the environment alone."


_OWN = {"arguments", "columns", "derive", "expressions", "params"}  # what is below has names that people choose
_TELLING = re.compile(
    r"_env\b|hash_key|connection|://|[\w ]@|\b(?:host|server|user|uid)\s*=|passw|pwd|secret|token", re.IGNORECASE
)


def hides(key: str) -> bool:
    """Does a key hold the name of an environment variable, where people write by mistake what it should hold?

    assert hides("data.sources.crm.connection_env") and not hides("data.derive.cost_env")
    """
    *above, name = key.split(".")
    return name.endswith(("_env", "hash_key")) and _OWN.isdisjoint(above)


def telling(override: str) -> bool:
    """May an override that cannot be read hold an address or a password?

    assert telling("data.sources.crm={connection_env:host=db}") and not telling("model.params.depth=[4,6")
    """
    return bool(_TELLING.search(override))


def key_of(override: str) -> str:
    """What it begins with, as far as that can be a key.

    assert key_of("+data.sources.crm.connection:host=db") == "data.sources.crm.connection"
    """
    return (re.match(r"[\w.@/-]*", override.lstrip("+~")) or [""])[0]


def misplaced(override: str) -> bool:
    """Has an override something else where the name of an environment variable belongs, or several of them?

    assert misplaced("data.sources.crm.connection_env=host=db password=x") and not misplaced("model.params.depth=6")
    """
    key, sign, value = override.partition("=")
    return bool(sign) and hides(key) and not all(_NAME.fullmatch(name.strip()) for name in value.split(","))


def unshown(overrides: Iterable[str]) -> list[Problem]:
    """What is wrong with those overrides that `misplaced` is true of, without a word of their values."""
    keys = dict.fromkeys(word.partition("=")[0].lstrip("+~") for word in overrides if misplaced(word))
    place = Place("command line")
    return [Problem(f"must be {_VARIABLE.words}.", tuple(key.split(".")), key, place, hint=UNSHOWN) for key in keys]
