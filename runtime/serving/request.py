"""What a caller sends: rows that keep the contract of the columns."""

from __future__ import annotations

import json
from typing import Annotated, Any, ClassVar, get_args

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, ValidationError, create_model
from pydantic_core import CoreSchema

from .exact import exact
from .invalid import MOST, SHOWN, Detail, Invalid, message, shown


class Row(BaseModel):
    """One row; the fields of a subclass are the columns, under the names that the data gives them."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False, protected_namespaces=(), serialize_by_alias=True
    )

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        for field in cls.__pydantic_fields__.values():
            guard = exact(field.annotation, field.metadata)
            if guard is not None and guard not in field.metadata:
                field.metadata.append(guard)
        return handler(source)


class Rows(BaseModel):
    """The body of a request; a subclass declares `rows`, a list of its own Row."""

    model_config = ConfigDict(extra="forbid", strict=True)
    envelope: ClassVar[type[BaseModel]]
    rows: list[Any]

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        bounds = tuple(cls.model_fields["rows"].metadata)
        cls.envelope = create_model(  # the list alone: rows are checked one by one, so that faults can be bounded
            "Body", __config__=ConfigDict(extra="forbid", strict=True), rows=(_annotated(list[Any], bounds), ...)
        )

    @classmethod
    def row(cls) -> type[Row]:
        """The class of one row."""
        found: type[Row] = get_args(cls.model_fields["rows"].annotation)[0]
        return found

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **kwargs: Any) -> Any:
        """The rows of a body.

        Raises Invalid with every fault, up to a hundred.
        """
        body = parse(json_data)
        return cls.model_construct(rows=_rows(cls.row(), _list(cls.envelope, body)))


def parse(body: str | bytes | bytearray) -> Any:
    """The value of a JSON text, held to the letter: no NaN, no key twice, nothing that is no Unicode.

    Raises Invalid.
    """
    try:
        text = body if isinstance(body, str) else body.decode()
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeDecodeError:
        raise Invalid.json("it is not UTF-8") from None
    except UnicodeEncodeError:
        raise Invalid.json("it holds half of a surrogate pair") from None
    except RecursionError:
        raise Invalid.json("it is nested too deeply") from None
    except json.JSONDecodeError as error:
        what = error.msg[0].lower() + error.msg[1:]
        raise Invalid.json(f"line {error.lineno}, column {error.colno}: {what}") from None
    except ValueError:  # Python reads no whole number of more than 4,300 digits
        raise Invalid.json("a number has too many digits") from None
    return value


def _list(envelope: type[BaseModel], body: Any) -> list[Any]:
    """The list of rows, whatever they are."""
    _bounded(body, 1, [])
    try:
        return envelope.model_validate(body).rows  # type: ignore[attr-defined, no-any-return]
    except ValidationError as error:
        raise Invalid([_detail(item, [], None, ["rows"]) for item in error.errors(include_url=False)]) from None


def _rows(row: type[Row], values: list[Any]) -> list[Row]:
    validate = row.__pydantic_validator__.validate_python
    fields = {field.alias or name: field.annotation for name, field in row.model_fields.items()}
    found: list[Row] = []
    details: list[Detail] = []
    for position, value in enumerate(values):
        _bounded(value, len(fields), ["rows", position])
        try:
            found.append(validate(value))
        except ValidationError as error:
            for item in error.errors(include_url=False):
                expected = fields.get(str(item["loc"][0])) if item["loc"] else None
                details.append(_detail(item, ["rows", position], expected, list(fields)))
            if len(details) > MOST:
                break
    if details:
        raise Invalid(details)
    return found


def _bounded(value: Any, fields: int, where: list[str | int]) -> None:
    """Refuse an object with so many keys that naming each would take long."""
    if isinstance(value, dict) and len(value) > fields + MOST:
        raise Invalid([Detail(where, "too_many_keys", f"{len(value):,} keys where {fields} are expected")])


def _detail(item: Any, where: list[str | int], expected: Any, known: list[str]) -> Detail:
    loc = [part if isinstance(part, int) else part[: 2 * SHOWN] for part in item["loc"][:1]]
    if item["type"] == "missing" and not where:
        return Detail(loc, "missing", 'missing; send {"rows": [{…}, …]}')
    return Detail([*where, *loc], item["type"], *message(item, expected, known))


def _annotated(kind: Any, metadata: tuple[Any, ...]) -> Any:
    return Annotated[(kind, *metadata)] if metadata else kind


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise Invalid.json(f"the key {shown(twice)} comes twice in one object")
    return found


def _no_constant(name: str) -> Any:
    raise Invalid.json(f"{name} is no number in JSON")
