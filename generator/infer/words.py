"""The words in the name of a column."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_]+")
_IDENTIFIERS = {
    "id",
    "ids",
    "uuid",
    "guid",
    "uid",
    "key",
    "identifier",
    "pk",
    "userid",
    "customerid",
    "orderid",
    "rowid",
    "recordid",
    "nr",
}
_CODES = {
    "code",
    "codes",
    "zip",
    "zipcode",
    "postcode",
    "postal",
    "plz",
    "phone",
    "fips",
    "sku",
    "isbn",
    "ean",
    "tel",
    "telefon",
    "telephone",
    "mobile",
    "fax",
}


def tokens(name: str) -> list[str]:
    """The words in lower case.

    assert tokens("customerID") == ["customer", "id"] and tokens("Clothing ID") == ["clothing", "id"]
    """
    return [found.lower() for found in _TOKEN.findall(name)]


def is_identifier(name: str) -> bool:
    """Does the name say that the values tell rows or things apart?"""
    return not _IDENTIFIERS.isdisjoint(tokens(name))


def is_code(name: str) -> bool:
    """Does the name say that the digits are a code and no amount?"""
    return is_identifier(name) or not _CODES.isdisjoint(tokens(name))
