"""Estimators in files that hold no code, and the reviewed list of types that such a file may hold.

A type gets on the list when it is ours or belongs to a library we depend on, holds nothing but numbers and settings, and does
nothing but compute when it is made or called. The list is never taken from the file that is to be opened.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

from .errors import Mistake, listed

SAFE = frozenset(
    {
        "numpy.dtype",
        "overture.runtime.models._network.Network",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.metrics._dist_metrics.EuclideanDistance64",
        "sklearn.metrics._dist_metrics.ManhattanDistance64",
        "sklearn.metrics._dist_metrics.MinkowskiDistance64",
        "sklearn.neighbors._ball_tree.BallTree",
        "sklearn.neighbors._ball_tree.BallTree64",
        "sklearn.neighbors._kd_tree.KDTree",
        "sklearn.neighbors._kd_tree.KDTree64",
        "sklearn.tree._tree.Tree",
        "sklearn.utils._bunch.Bunch",
    }
)
"""What skops does not trust by itself, and we do. By itself it trusts estimators of scikit-learn, arrays and plain values."""
_BESIDE_TREES = frozenset({"functools.partial", "sklearn.utils.validation.check_array"})
"""How hist_gradient_boosting keeps the check of its categories; allowed nowhere else."""
_TREES = "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"
_SEARCHED = {"sklearn.neighbors._kd_tree", "sklearn.neighbors._ball_tree"}
_COUNTED = slice(7, 11)
"""Of the state of these trees, how much was searched in them so far, which threads count over each other."""
_ZERO = -1
"""What no address in memory is."""
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the clock must not change the bytes


def unsafe(types: list[str], trusted: frozenset[str] = frozenset()) -> list[str]:
    """Those of the types that skops reports which may not be opened, sorted."""
    allowed = SAFE | _BESIDE_TREES if _TREES in types else SAFE
    return sorted(set(types) - allowed - trusted)


def save(content: dict[str, Any], file: Path, trusted: frozenset[str] | None = None) -> None:
    """Write plain values, arrays and estimators; the same content gives the same bytes.

    trusted: further types, which the project itself says may be opened; None: it has no say.
    Raises Mistake when the content holds a type that may not be opened again.
    """
    import skops.io

    data = skops.io.dumps(content)
    if found := unsafe(skops.io.get_untrusted_types(data=data), trusted or frozenset()):
        raise Mistake(
            f"this estimator cannot be saved: it holds {listed(found, 'and')}, which overture does not open.",
            hint="Choose another estimator or other params."
            if trusted is None
            else f"If you know them, name them in hooks.py: trusted = {found}",
        )
    file.write_bytes(_steady(data))


def load(file: Path, trusted: frozenset[str] = frozenset()) -> dict[str, Any]:
    """What `save` wrote. The caller has checked the hash of the file.

    trusted: further types, which the project itself says may be opened.
    Raises Mistake when the file is damaged, or holds a type that is not on the list; then nothing of it was made.
    """
    import skops.io

    try:
        if found := unsafe(skops.io.get_untrusted_types(file=file), trusted):
            raise Mistake(f"{file.name} is not opened: it holds {listed(found, 'and')}, which overture does not allow.")
        content = skops.io.load(file, trusted=sorted(SAFE | _BESIDE_TREES | trusted))
    except Mistake:
        raise
    except Exception as error:  # a damaged file can fail anywhere within
        raise Mistake(f"{file.name} cannot be opened: it is damaged, or of another version of scikit-learn.") from error
    if not isinstance(content, dict):
        raise Mistake(f"{file.name} was not written by overture.")
    return content


def _steady(data: bytes) -> bytes:
    """The archive without what changes from one process to the next: addresses in memory, the time, and how much was asked of neighbours."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(parts.pop("schema.json"))
    numbered: dict[str, str] = {}
    _renumber(schema, numbered)
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, part in [
            ("schema.json", json.dumps(schema).encode()),
            *sorted((_named(n, numbered), p) for n, p in parts.items()),
        ]:
            archive.writestr(zipfile.ZipInfo(name, _LONG_AGO), part, zipfile.ZIP_DEFLATED)
    return found.getvalue()


def _renumber(node: Any, numbered: dict[str, str]) -> None:
    """Ids in order of appearance instead of addresses; equal ids, which mean one object, stay equal."""
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    if isinstance(node, dict):
        if node.get("__module__") in _SEARCHED and node.get("__loader__") == "ObjectNode":
            for counted in node["content"]["content"][_COUNTED]:
                counted.update(content="0", __id__=_ZERO)
        if isinstance(node.get("__id__"), int):
            node["__id__"] = int(numbered.setdefault(str(node["__id__"]), str(len(numbered) + 1)))
        if isinstance(node.get("file"), str):
            node["file"] = _named(node["file"], numbered)
    for child in children:
        _renumber(child, numbered)


def _named(name: str, numbered: dict[str, str]) -> str:
    return re.sub(r"^\d+", lambda found: numbered.setdefault(found[0], str(len(numbered) + 1)), name)
