"""Bodies to rows by msgspec, for the requests that keep the contract; what it refuses is for pydantic to judge."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from annotated_types import Ge, Le, MaxLen, MinLen
from msgspec import UNSET, Meta, UnsetType
from pydantic import BeforeValidator

from .exact import Zone, base, exact
from .invalid import Invalid
from .request import Row, Rows, parse

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

_INTEGERS = Meta(ge=-(2**63), le=2**63 - 1)


class Unsupported(Exception):
    """A contract that this module cannot keep to the letter; the message names what is in the way."""


class Refused(Exception):
    """A body that is not accepted here."""


@dataclass(frozen=True)
class Decoded:
    """The rows of one request."""

    rows: list[tuple[Any, ...]]
    """The features of each row, in the order asked for."""
    ids: Sequence[Any]
    """The key of each row, or None."""


class Decoder:
    """Decodes the bodies that the pydantic models of a service accept, to the same values."""

    def __init__(self, body: type[Rows], features: Sequence[str], key: str | None) -> None:
        """Features: in the order that rows shall have.

        Raises Unsupported when the models check more than is known here.
        """
        row = body.row()
        _plain(row)
        self._fields = {field.alias or name: field for name, field in row.model_fields.items()}
        self._key = key
        places = {name: f"f{place}" for place, name in enumerate(self._fields)}
        types = [_defined(places[name], name, field, name == key) for name, field in self._fields.items()]
        renamed = {places[name]: name for name in places}
        struct = msgspec.defstruct("Row", types, rename=renamed, forbid_unknown_fields=True, gc=False, kw_only=True)
        rows = Annotated[list[struct], _lengths(body)]  # type: ignore[valid-type]
        whole = msgspec.defstruct("Body", [("rows", rows)], forbid_unknown_fields=True, gc=False)
        self._decode: Callable[[bytes], Any] = msgspec.json.Decoder(whole).decode
        self._features = _getter([places[name] for name in features])
        self._id = attrgetter(places[key]) if key is not None else None
        kinds = [base(self._fields[name].annotation) for name in features]
        self._texts = sum(_is_text(kind) for kind, nullable in kinds if not nullable)
        self._perhaps = [place for place, (kind, nullable) in enumerate(kinds) if nullable and _is_text(kind)]
        self._key_is_text = key is not None and _is_text(base(self._fields[key].annotation)[0])
        self._read = {place: read for place, name in enumerate(features) if (read := _reader(self._fields[name]))}
        self._width = len(features)
        self.literals = {
            name: frozenset(kind) for name, (kind, _) in zip(features, kinds, strict=True) if isinstance(kind, tuple)
        }
        """By feature the only labels that are accepted."""

    def __call__(self, body: bytes) -> Decoded:
        """The rows of a body.

        Raises Refused for every body that pydantic refuses, and for no other.
        """
        try:
            structs = self._decode(body).rows
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise Refused from None
        rows = list(map(self._features, structs))
        keys = list(map(self._id, structs)) if self._id is not None else []
        self._no_key_twice(body, rows, keys)
        if self._read:
            rows = self._converted(rows)
        return Decoded(rows, [None if key is UNSET else key for key in keys] or [None] * len(rows))

    def _no_key_twice(self, body: bytes, rows: list[tuple[Any, ...]], keys: list[Any]) -> None:
        """Each key and each text has two quotes, so that a key which came twice shows without looking for it."""
        if b"\\" in body:
            try:
                parse(body)
            except Invalid:
                raise Refused from None
            return
        strings = 1 + len(rows) * (self._width + self._texts)
        for place in self._perhaps:
            strings += sum(row[place] is not None for row in rows)
        for key in keys:
            strings += (key is not UNSET) + (self._key_is_text and key is not UNSET and key is not None)
        if body.count(b'"') != 2 * strings:
            raise Refused

    def _converted(self, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
        try:
            for place, read in self._read.items():
                columns[place] = [None if value is None else read(value) for value in columns[place]]
        except ValueError:
            raise Refused from None
        return list(zip(*columns, strict=True))


def _plain(row: type[Row]) -> None:
    """Check that a class of rows declares fields and does nothing else."""
    does_more = any(
        getattr(row.__pydantic_decorators__, it.name) for it in dataclass_fields(row.__pydantic_decorators__)
    )
    if row.__bases__ != (Row,) or does_more or row.model_config != Row.model_config or row.__pydantic_post_init__:
        raise Unsupported(f"{row.__name__} does more than declare columns")


def _defined(place: str, name: str, field: FieldInfo, is_key: bool) -> tuple[Any, ...]:
    kind, nullable = base(field.annotation)
    allowed = (Ge, Le, Zone, BeforeValidator)
    known = all(
        isinstance(item, allowed) and (not isinstance(item, BeforeValidator) or _ours(item, field))
        for item in field.metadata
    )
    if not known or field.validation_alias != field.alias:
        raise Unsupported(f"{name} has a check of its own")
    if not is_key:
        if not field.is_required():
            raise Unsupported(f"{name} has a default")
        made = _type(kind, name, field)
        return (place, made | None if nullable else made)
    if field.is_required() or field.default is not None:
        raise Unsupported(f"{name} has a default")
    return (place, _type(kind, name, field) | None | UnsetType, UNSET)


def _ours(item: BeforeValidator, field: FieldInfo) -> bool:
    return item == exact(field.annotation, field.metadata)


def _type(kind: Any, name: str, field: FieldInfo) -> Any:
    """What msgspec shall read for a type: days and moments as text, which `exact` reads."""
    if isinstance(kind, tuple):
        return Literal[kind]
    if kind is int:
        bounds = {"ge": _INTEGERS.ge, "le": _INTEGERS.le, **_bounds(field)}
        if not all(type(bound) is int and -(2**63) <= bound < 2**63 for bound in bounds.values()):
            raise Unsupported(f"{name} has a bound that is no 64-bit integer")
        return Annotated[int, Meta(**bounds)]
    if kind is float:
        bounds = {word: float(bound) for word, bound in _bounds(field).items()}
        return Annotated[float, Meta(**bounds)] if bounds else float
    if kind in (dt.date, dt.datetime):
        return str
    if kind in (str, bool) and not _bounds(field):
        return kind
    raise Unsupported(f"{name} is of a type that is not known here")


def _bounds(field: FieldInfo) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in field.metadata:
        if isinstance(item, Ge):
            found["ge"] = item.ge
        elif isinstance(item, Le):
            found["le"] = item.le
    return found


def _lengths(body: type[Rows]) -> Meta:
    if set(body.model_fields) != {"rows"}:
        raise Unsupported(f"{body.__name__} has more than rows")
    lengths: dict[str, Any] = {}
    for item in body.model_fields["rows"].metadata:
        if isinstance(item, MinLen):
            lengths["min_length"] = item.min_length
        elif isinstance(item, MaxLen):
            lengths["max_length"] = item.max_length
        else:
            raise Unsupported(f"{body.__name__}.rows has a check of its own")
    return Meta(**lengths)


def _reader(field: FieldInfo) -> Callable[[Any], Any] | None:
    """How the text of a day or a moment is read, and held to its bounds."""
    kind, _ = base(field.annotation)
    if kind not in (dt.date, dt.datetime):
        return None
    guard = exact(field.annotation, field.metadata)
    assert guard is not None
    read, bounds = guard.func, _bounds(field)

    def inside(text: str) -> Any:
        value = read(text)  # type: ignore[call-arg]
        if ("ge" in bounds and value < bounds["ge"]) or ("le" in bounds and value > bounds["le"]):
            raise ValueError
        return value

    return inside


def _getter(places: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    found = attrgetter(*places)
    return found if len(places) > 1 else lambda row: (found(row),)


def _is_text(kind: Any) -> bool:
    return isinstance(kind[0], str) if isinstance(kind, tuple) else kind in (str, dt.date, dt.datetime)
