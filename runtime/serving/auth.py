"""Who may ask: API keys, known here by their hashes only, and JSON Web Tokens."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import Mistake

_HASH = re.compile(r"[0-9a-f]{64}")
_PROBES = frozenset({"/livez", "/readyz", "/healthz"})
_OPEN = {
    "metrics": ("/metrics",),
    "model": ("/model",),
    "docs": ("/", "/docs.json", "/schema.json", "/static_content/"),
}
_ASK = "send a key: Authorization: Bearer KEY, or X-API-Key: KEY"


@dataclass(frozen=True)
class Jwt:
    """Tokens that are accepted.

    key_env: the environment variable that holds the public key (PEM), or the secret of an HS algorithm.
    """

    key_env: str
    algorithms: Collection[str] = ("RS256",)
    audience: str | None = None
    issuer: str | None = None


@dataclass(frozen=True)
class Auth:
    """Which callers may ask.

    keys_env: the environment variable that holds the SHA-256 hashes of the keys, in hex, separated by commas or blanks;
    several are valid at once, so that keys can be rotated. jwt: tokens that are accepted as well. open: what needs no
    key: "metrics", "model", "docs"; the probes never do.
    """

    keys_env: str | None = None
    jwt: Jwt | None = None
    open: Collection[str] = ()

    def checked(self) -> Refusal:
        """What refuses callers, with the keys as the environment has them now.

        Raises Mistake when a variable is not set or holds no hash, or when the library for tokens is not installed.
        """
        hashes = _hashes(self.keys_env) if self.keys_env is not None else []
        paths = [path for name in self.open for path in _OPEN[name]]
        return Refusal(hashes, self._tokens() if self.jwt is not None else None, _PROBES.union(paths))

    def _tokens(self) -> Any:
        assert self.jwt is not None
        try:
            import jwt
        except ImportError:
            raise Mistake("tokens need the package pyjwt.", hint='Run: pip install "overture[jwt]"') from None
        key, settings = _value(self.jwt.key_env), self.jwt

        def valid(token: str) -> bool:
            try:
                jwt.decode(
                    token,
                    key,
                    algorithms=list(settings.algorithms),
                    audience=settings.audience,
                    issuer=settings.issuer,
                    options={"require": ["exp"]},
                )
            except jwt.PyJWTError:
                return False
            return True

        return valid


@dataclass(frozen=True)
class Refusal:
    """Says why a caller may not."""

    hashes: list[bytes] = field(repr=False)
    tokens: Any
    """Is this token valid? None: none is."""
    open: frozenset[str]

    def __call__(self, path: str, headers: Mapping[bytes, bytes]) -> str | None:
        """Why the caller may not have this path; None: it may."""
        if path in self.open or ("/static_content/" in self.open and path.startswith("/static_content/")):
            return None
        key = _key(headers)
        if key is None:
            return _ASK
        found = hashlib.sha256(key).hexdigest().encode()
        # each is compared, however the others did
        if sum(hmac.compare_digest(found, known) for known in self.hashes):
            return None
        if self.tokens is not None and self.tokens(key.decode("latin-1")):
            return None
        return "this key is not valid"


def _key(headers: Mapping[bytes, bytes]) -> bytes | None:
    scheme, _, bearer = headers.get(b"authorization", b"").partition(b" ")
    found = bearer.strip() if scheme.lower() == b"bearer" else headers.get(b"x-api-key", b"")
    return found or None


def _hashes(variable: str) -> list[bytes]:
    found = _value(variable).replace(",", " ").lower().split()
    if not found or not all(map(_HASH.fullmatch, found)):
        raise Mistake(
            f"the environment variable {variable} must hold SHA-256 hashes of keys: 64 hex digits each.",
            hint="Make one by: printf %s KEY | sha256sum",
        )
    return [word.encode() for word in found]


def _value(variable: str) -> str:
    found = os.environ.get(variable, "").strip()
    if not found:
        raise Mistake(f"the environment variable {variable} is not set, so nobody could be let in.")
    return found
