"""What a generated service may import, and nothing else; no Hydra and no plotting library on this path."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .importing import tell_faults

if TYPE_CHECKING:
    from .answers import (
        Answers,
        BinaryExplanation,
        Estimate,
        EstimateExplanation,
        MulticlassExplanation,
        Prediction,
    )
    from .auth import Auth, Jwt
    from .bento import http_service
    from .exact import Zone
    from .predictor import Predictor
    from .request import Row, Rows

__all__ = [
    "Answers",
    "Auth",
    "BinaryExplanation",
    "Estimate",
    "EstimateExplanation",
    "Jwt",
    "MulticlassExplanation",
    "Prediction",
    "Predictor",
    "Row",
    "Rows",
    "Zone",
    "http_service",
]

_MODULES = {
    "Auth": "auth",
    "Jwt": "auth",
    "Predictor": "predictor",
    "Row": "request",
    "Rows": "request",
    "Zone": "exact",
    "http_service": "bento",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for, when it is asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_MODULES.get(name, 'answers')}", __name__), name)


tell_faults()
