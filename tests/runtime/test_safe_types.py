"""Only what is on the list is opened, and the same content is always the same bytes."""

from __future__ import annotations

import functools
import operator
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import skops.io
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestRegressor
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import FunctionTransformer

from overture.runtime import safe_types
from overture.runtime.errors import Mistake

X = np.random.default_rng(0).normal(size=(60, 2))


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    forest = RandomForestRegressor(3, random_state=0).fit(X, X[:, 0])
    safe_types.save({"forest": forest, "numbers": X, "plain": [1.5, None, "a"], "nan": float("inf")}, tmp_path / "a")
    found = safe_types.load(tmp_path / "a")
    np.testing.assert_array_equal(found["forest"].predict(X), forest.predict(X))
    np.testing.assert_array_equal(found["numbers"], X)
    assert (found["plain"], found["nan"]) == ([1.5, None, "a"], float("inf"))


@pytest.mark.parametrize("algorithm", ["kd_tree", "ball_tree"])
def test_what_was_asked_of_neighbours_leaves_no_trace(tmp_path: Path, algorithm: str) -> None:
    """Threads that search at once count over each other."""
    found = KNeighborsClassifier(3, algorithm=algorithm, leaf_size=5).fit(X, X[:, 0] > 0)
    safe_types.save({"it": found}, tmp_path / "one")
    found.predict(X)
    safe_types.save({"it": found}, tmp_path / "two")

    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    opened = safe_types.load(tmp_path / "two")["it"]
    np.testing.assert_array_equal(opened.predict_proba(X), found.predict_proba(X))
    assert opened._tree.__getstate__()[4:7] == found._tree.__getstate__()[4:7]


def test_another_process_writes_the_same_bytes(tmp_path: Path) -> None:
    code = (
        "import sys, numpy as np; from pathlib import Path; from sklearn.ensemble import *;"
        "from overture.runtime import safe_types; X = np.random.default_rng(0).normal(size=(60, 2));"
        "junk = [object() for _ in range(int(sys.argv[2]))];"
        "one = HistGradientBoostingClassifier(max_iter=2, categorical_features=[1], random_state=0).fit(np.abs(X).round(), X[:, 0] > 0);"
        "safe_types.save({'one': one, 'two': [X, X]}, Path(sys.argv[1]))"
    )
    files = [tmp_path / "one", tmp_path / "two"]
    for file, junk in zip(files, ("1", "9999"), strict=True):
        subprocess.run([sys.executable, "-c", code, str(file), junk], check=True)
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_function_is_not_opened(tmp_path: Path) -> None:
    file = tmp_path / "model.skops"
    skops.io.dump({"estimator": FunctionTransformer(operator.methodcaller)}, file)
    with pytest.raises(Mistake, match=r"operator\.methodcaller, which overture does not allow"):
        safe_types.load(file)


def test_what_could_not_be_opened_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match="cannot be saved"):
        safe_types.save({"estimator": FunctionTransformer(operator.methodcaller)}, tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_a_partial_function_is_allowed_only_beside_boosted_trees(tmp_path: Path) -> None:
    partial = functools.partial(np.add, 1)
    with pytest.raises(Mistake, match=r"functools\.partial"):
        safe_types.save({"a": FunctionTransformer(partial)}, tmp_path / "a")
    trees = HistGradientBoostingClassifier(max_iter=1, categorical_features=[1]).fit(np.abs(X).round(), X[:, 0] > 0)
    safe_types.save({"a": trees}, tmp_path / "a")
    np.testing.assert_array_equal(safe_types.load(tmp_path / "a")["a"].predict(X), trees.predict(X))


def test_a_pickle_is_not_opened(tmp_path: Path) -> None:
    import pickle

    (tmp_path / "a").write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(Mistake, match="damaged"):
        safe_types.load(tmp_path / "a")


def test_no_type_on_the_list_runs_anything() -> None:
    """Each belongs to a library we depend on, and is a class that is not callable, so making one only holds numbers."""
    from importlib import import_module

    for name in safe_types.SAFE - {"numpy.dtype"}:
        module, _, last = name.rpartition(".")
        assert module.startswith("sklearn.") or name == "overture.runtime.models._network.Network"
        kind = getattr(import_module(module), last)
        assert isinstance(kind, type)
        assert "__call__" not in vars(kind)
