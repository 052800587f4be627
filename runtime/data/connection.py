"""The address of a database, which only the environment knows."""

from __future__ import annotations

import os
import re

from ..errors import Mistake, Problem, nearest


def connection(variable: str) -> str:
    """The value of the environment variable that `connection_env` names.

    Raises Mistake when it is not set; with names of others that are set, never with a value.
    """
    found = os.environ.get(variable, "").strip()
    if found:
        return found
    close = nearest(variable, [name for name, value in os.environ.items() if value])
    hint = (
        f'Did you mean "{close}"?' if close else f"Set it: export {variable}=postgresql://user:password@host/database"
    )
    raise Mistake(Problem(f"the environment variable {variable} is not set.", ("connection_env",), hint=hint))


def without_secrets(text: str, address: str) -> str:
    """A message in which neither the address nor the password in it is left.

    assert without_secrets("no u:pw@host", "db://u:pw@host/d") == "no u:***@host"
    """
    text = text.replace(address, "the database")
    for secret in re.findall(r"://[^/@\s]*?:([^@\s]+)@", address) + re.findall(
        r"(?i)(?:password|pwd|token|secret)=([^&;\s]+)", address
    ):
        from urllib.parse import unquote

        for form in {secret, unquote(secret)}:
            text = text.replace(form, "***")
    return text
