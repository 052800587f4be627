"""hooks.py: what is found in it, what is told of it, and what its functions may do."""

import sys
from importlib.resources import files
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from overture.runtime import prediction
from overture.runtime.config.load import load
from overture.runtime.data.column import column
from overture.runtime.data.features import completed
from overture.runtime.errors import Mistake
from overture.runtime.hooks import Hooks, import_hooks
from overture.runtime.metric import FunctionMetric
from overture.runtime.model import Fitted
from overture.runtime.schema import Schema
from overture.runtime.terminal import problem_lines

SCHEMA = Schema(
    task="binary",
    features={
        "tenure": column("integer", min=0, max=120),
        "plan": column("category", values=["basic", "gold"]),
        "spent": column("number", nullable=True),
    },
    target="left",
    target_column=column("category", values=["no", "yes"]),
    positive="yes",
    classes=["no", "yes"],
    categories={"plan": ["basic", "gold"]},
)
ROWS = pl.DataFrame({"tenure": [1, 50, 120], "plan": ["gold", "basic", "gold"], "spent": [1.5, None, 3.0]})
TRAINED = pl.concat([ROWS, ROWS]).with_columns(left=pl.Series(["no", "yes", "no", "no", "yes", "yes"]))


class Certain(Fitted):
    """A model that gives probabilities it was told."""

    schema = SCHEMA

    def __init__(self, *yes):
        self.yes = np.array(yes)

    def predict(self, frame):
        return np.stack([1 - self.yes, self.yes], axis=1)


@pytest.fixture
def hooks(tmp_path):
    """A function that gives the hooks of a hooks.py with these lines."""

    def write(text):
        (tmp_path / "hooks.py").write_text(text)
        return Hooks.open(tmp_path)

    yield write
    sys.modules.pop("hooks", None)


def said(raised):
    return problem_lines(raised.value.problems)


def test_what_is_not_defined_is_none(hooks):
    found = hooks('"""Nothing."""\n')

    assert (found.features, found.estimator, found.before_predict, found.after_predict) == (None,) * 4
    assert (found.metrics, found.trusted) == ({}, frozenset())


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("feature", "features"),
        ("Features", "features"),
        ("estimators", "estimator"),
        ("before_prediction", "before_predict"),
        ("after_predicting", "after_predict"),
    ],
)
def test_a_name_that_is_almost_one_of_a_hook_is_told(hooks, name, meant):
    with pytest.raises(Mistake) as raised:
        hooks(f"\ndef {name}(rows):\n    return rows\n")

    (line,) = said(raised)
    assert line.startswith(f"hooks.py:2   {name}: no hook has this name.")
    assert f'Did you mean "{meant}"?' in line


def test_functions_of_ones_own_are_left_alone(hooks):
    text = "from math import exp as feature\n\ndef _feature(x):\n    return x\n\ndef ratio(a, b):\n    return a / b\n"

    assert hooks(text).features is None


def test_everything_wrong_is_told_at_once(hooks):
    text = (
        "from overture.runtime.hooks import metric\n\nfeatures = 3\ntrusted = 'hooks.A'\n\n"
        "@metric(greater_is_better=True)\ndef roc_auc(truth, predicted):\n    return 1.0\n"
    )
    with pytest.raises(Mistake) as raised:
        hooks(text)

    assert [" ".join(line.split()) for line in said(raised)] == [
        "hooks.py features: must be a function.",
        'hooks.py trusted: must be a list of types, each as "module.Name".',
        "hooks.py:6 roc_auc: there is a metric of this name already. Name it otherwise.",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 1\nimport nowhere_at_all\n", "hooks.py:2   cannot be imported: ModuleNotFoundError"),
        ("\n\ndef features(rows:\n", "hooks.py:3   cannot be imported: SyntaxError: '(' was never closed"),
        ("def f():\n    return 1 / 0\n\nf()\n", "hooks.py:2   cannot be imported: ZeroDivisionError"),
    ],
)
def test_a_file_that_cannot_be_imported_is_told_with_its_line(hooks, text, expected):
    with pytest.raises(Mistake) as raised:
        hooks(text)

    (line,) = said(raised)
    assert line.startswith(expected)
    assert "hooks" not in sys.modules


def test_a_folder_without_hooks_is_told(tmp_path):
    with pytest.raises(Mistake, match=r"there is no hooks\.py here"):
        import_hooks(tmp_path)


def test_hooks_find_the_files_beside_them_and_leave_the_path_as_it_was(hooks, tmp_path):
    (tmp_path / "prices_of_test_hooks.py").write_text("BASE = 7\n")
    before = list(sys.path)
    try:
        found = hooks("from prices_of_test_hooks import BASE\n\ndef features(rows):\n    return BASE\n")
        assert found.features(None) == 7
    finally:
        sys.modules.pop("prices_of_test_hooks", None)

    assert sys.path == before


def test_a_file_is_one_module_until_its_text_changes(hooks, tmp_path):
    hooks("class A:\n    pass\n")
    first = import_hooks(tmp_path)

    assert import_hooks(tmp_path) is first
    (tmp_path / "hooks.py").write_text("class B:\n    pass\n")
    assert Hooks.open(tmp_path).trusted == {"hooks.B"}


def test_the_module_that_a_script_imported_is_the_module(tmp_path, monkeypatch):
    (tmp_path / "hooks.py").write_text("def features(rows):\n    return rows\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "hooks", raising=False)
    import hooks as imported

    assert import_hooks(tmp_path) is imported
    monkeypatch.delitem(sys.modules, "hooks")


def test_classes_of_hooks_py_and_those_it_names_are_trusted(hooks):
    found = hooks("from fractions import Fraction\n\nclass Clip:\n    pass\n\ntrusted = ['other.Tree']\n")

    assert found.trusted == {"hooks.Clip", "other.Tree"}


# features


@pytest.mark.parametrize(
    "expression",
    [
        "pl.col('tenure') - pl.col('tenure').mean()",
        "pl.col('tenure').rank()",
        "pl.col('tenure').shift(1)",
        "pl.col('tenure').sum().over('plan')",
        "pl.int_range(pl.len())",
    ],
)
def test_features_that_look_beyond_a_row_are_refused(hooks, expression):
    found = hooks(f"import polars as pl\n\ndef features(rows):\n    return rows.with_columns(new={expression})\n")

    with pytest.raises(Mistake) as raised:
        completed(ROWS, SCHEMA, found.features, learned=False)
    assert said(raised)[0].startswith(
        "hooks.py:3   features gives a row alone another new than among many. It must look at"
    )


def test_features_that_look_at_a_row_alone_pass(hooks):
    found = hooks(
        "import polars as pl\n\ndef features(rows):\n"
        "    return rows.with_columns(a=pl.col('spent') / 3, b=pl.col('plan') + '!', c=pl.col('tenure') > 3)\n"
    )

    assert completed(ROWS, SCHEMA, found.features, learned=False).frame["a"].to_list() == [0.5, None, 1.0]


# metrics

METRIC = """from overture.runtime.hooks import metric


@metric(greater_is_better={better})
def share(truth, predicted):
    {body}
"""


def score(function, task, truth, predicted, weights):
    return FunctionMetric(function, task).score(np.array(truth, float), np.array(predicted), np.array(weights, float))


def test_a_function_sees_a_row_as_often_as_it_was_drawn(hooks):
    found = hooks(METRIC.format(better=True, body="return truth.mean() + truth.size"))
    function = found.metrics["share"]

    assert score(function, "regression", [1, 3], [0.0, 0.0], [[1, 1], [2, 0], [1, 3]]).tolist() == [4, 3, 6.5]


def test_binary_is_scored_by_the_probability_of_the_positive_class(hooks):
    function = hooks(METRIC.format(better=True, body="return float(predicted.sum()) + predicted.ndim")).metrics["share"]
    shares = [[0.75, 0.25], [0.5, 0.5]]

    assert score(function, "binary", [0, 1], shares, [[1, 1]]).tolist() == [1.75]
    assert score(function, "multiclass", [0, 1], shares, [[1, 1]]).tolist() == [4]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return truth.nothing", "hooks.py:6   share fails: AttributeError"),
        ("return 'much'", "hooks.py:4   share gave a str, not a number. End it with: return float(…)"),
    ],
)
def test_a_metric_that_fails_is_told_with_its_line(hooks, body, expected):
    function = hooks(METRIC.format(better=True, body=body)).metrics["share"]

    with pytest.raises(Mistake) as raised:
        score(function, "regression", [1], [1.0], [[1]])
    assert said(raised)[0].startswith(expected)


def test_configuration_knows_the_metrics_of_hooks(make_project):
    root = make_project()
    (root / "hooks.py").write_text(METRIC.format(better=False, body="return 0.0"))
    evaluation = load(root, ["evaluation.objective=share"]).spec.evaluation

    assert evaluation.chosen("binary")[0] == "share"
    assert evaluation.metric("share", "binary").greater_is_better is False
    with pytest.raises(Mistake) as raised:
        load(root, ["evaluation.objective=shar"])
    assert said(raised) == ['command line   evaluation.objective: no metric is called "shar". Did you mean "share"?']


def test_a_metric_for_other_tasks_is_told(make_project):
    root = make_project()
    text = METRIC.format(better=False, body="return 0.0").replace("=False", '=False, tasks=("regression",)')
    (root / "hooks.py").write_text(text)

    with pytest.raises(Mistake) as raised:
        load(root, ["evaluation.objective=share"])
    assert "evaluation.objective: share is not for binary." in said(raised)[0]


def test_hooks_that_cannot_be_imported_are_told_where_they_are_needed_and_only_there(make_project):
    root = make_project()
    (root / "hooks.py").write_text("import nowhere_at_all\n")

    assert load(root).spec.name == "churn"
    with pytest.raises(Mistake) as raised:
        load(root, ["evaluation.objective=share"])
    assert said(raised)[0].startswith("hooks.py:1   cannot be imported: ModuleNotFoundError")


# the estimator


@pytest.fixture
def voted(make_project):
    """A function that gives a project whose model is made by a hooks.py with these lines."""

    def write(text):
        root = make_project(model="own")
        (root / "hooks.py").write_text(text)
        (root / "conf" / "model").mkdir()
        (root / "conf" / "model" / "own.yaml").write_text("kind: hooks\nparams: {C: 1.0}\n")
        return root

    return write


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "conf/model/own.yaml:1   kind: hooks.py has no function estimator, which kind: hooks needs."),
        (
            "def estimator(c=1.0):\n    return None\n",
            "conf/model/own.yaml:2   params.C: the function estimator of hooks.py has no parameter of that name. "
            'Did you mean "c"?',
        ),
        (
            "def estimator(C, depth):\n    return None\n",
            "conf/model/own.yaml:2   params: the function estimator of hooks.py needs depth.",
        ),
        (
            "def estimator(C):\n    return None\n",
            "hooks.py:1   estimator gave a NoneType, which is no estimator of scikit-learn. "
            "A class of your own is made from sklearn.base.BaseEstimator.",
        ),
        ("def estimator(C):\n    return 1 / 0\n", "hooks.py:2   estimator fails: ZeroDivisionError: division by zero"),
        (
            "from sklearn.linear_model import Ridge\n\ndef estimator(C):\n    return Ridge()\n",
            "hooks.py:3   estimator makes a Ridge, which has no predict_proba; binary needs it.",
        ),
    ],
)
def test_what_is_wrong_with_an_estimator_is_told_before_training(voted, text, expected):
    with pytest.raises(Mistake) as raised:
        load(voted(text))

    (line,) = said(raised)
    assert " ".join(line.split()) == " ".join(expected.split())


def test_an_estimator_is_made_with_the_params_of_the_configuration(voted):
    text = (
        "from sklearn.linear_model import LogisticRegression\nfrom sklearn.ensemble import RandomForestClassifier\n\n"
        "def estimator(C, **more):\n"
        "    return RandomForestClassifier() if more['n'] > 5 else LogisticRegression(C=C)\n"
    )
    root = voted(text)

    labels = [load(root, [f"model.params.n={n}"]).spec.model.label("binary") for n in (5, 6)]
    assert labels == ["logistic", "random_forest"]


def test_an_estimator_is_given_the_seed_where_it_has_none(voted):
    text = (
        "from sklearn.ensemble import ExtraTreesClassifier, VotingClassifier\n\n"
        "def estimator(C):\n"
        "    trees = [(str(state), ExtraTreesClassifier(2, random_state=state)) for state in (None, 9)]\n"
        "    return VotingClassifier(trees, voting='soft')\n"
    )
    model = load(voted(text)).spec.model.model_copy(update={"seed": 3, "threads": 1})
    fitted = model.fit(TRAINED, None, SCHEMA, lambda done, most: None)

    assert [tree.random_state for tree in fitted.estimator.estimators_] == [3, 9]
    assert np.array_equal(fitted.predict(ROWS), model.fit(TRAINED, None, SCHEMA, lambda done, most: None).predict(ROWS))


# before and after predicting


def answered(found, model, rows=ROWS):
    frame = prediction.inputs(rows, SCHEMA, found)
    return frame, prediction.predict(model, frame, found)


def test_without_hooks_rows_and_predictions_stay_as_they_are(hooks):
    frame, found = answered(hooks(""), Certain(0.2, 0.6, 0.5))

    assert frame.equals(ROWS)
    assert found.values == ["no", "yes", "no"]  # a tie is not positive, as in the evaluation


def test_before_predict_changes_what_the_model_sees(hooks):
    text = (
        "import polars as pl\n\ndef before_predict(rows):\n    return rows.with_columns(pl.col('spent').fill_null(0))\n"
    )

    assert answered(hooks(text), Certain(0.2, 0.6, 0.5))[0]["spent"].to_list() == [1.5, 0.0, 3.0]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("rows.head(1)", "before_predict was given 3 rows and gave 1."),
        ("rows.drop('plan')", "before_predict may change values, not columns: plan."),
        ("rows.with_columns(new=1)", "before_predict may change values, not columns: new."),
        ("3", "before_predict gave a int, not a DataFrame."),
        ("rows.with_columns(tenure=pl.lit('x'))", "before_predict gives values of another type"),
        (
            "rows.with_columns(pl.col('tenure') * 3)",
            "before_predict breaks the contract: tenure: 2 rows are greater than 120",
        ),
        ("rows.with_columns(plan=pl.lit('silver'))", 'before_predict breaks the contract: plan: 3 rows say "silver"'),
        (
            "rows.with_columns(tenure=pl.lit(None, pl.Int64))",
            "before_predict takes away values of tenure, which may not be missing.",
        ),
        ("rows.nothing", "before_predict fails: AttributeError"),
    ],
)
def test_before_predict_must_give_rows_that_keep_the_contract(hooks, line, expected):
    found = hooks(f"import polars as pl\n\ndef before_predict(rows):\n    return {line}\n")

    with pytest.raises(Mistake) as raised:
        answered(found, Certain(0.2, 0.6, 0.5))
    assert said(raised)[0].startswith("hooks.py:")
    assert said(raised)[0].partition("   ")[2].startswith(expected)


def after(line):
    return f"import polars as pl\n\ndef after_predict(rows, predictions):\n    return {line}\n"


def test_after_predict_changes_what_is_answered(hooks):
    line = (
        "predictions.with_columns(prediction=pl.when(rows['tenure'] > 100).then(pl.lit('no')).otherwise('prediction'))"
    )

    assert answered(hooks(after(line)), Certain(0.2, 0.6, 0.9))[1].values == ["no", "yes", "no"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("predictions.head(1)", "after_predict was given 3 rows and gave 1."),
        ("rows", "after_predict may change values, not columns: plan, prediction,"),
        (
            "predictions.with_columns(prediction=pl.lit('maybe'))",
            "after_predict predicts maybe; the classes are no and yes.",
        ),
        (
            "predictions.with_columns(prediction=pl.lit(None, pl.String))",
            "after_predict leaves a row without a prediction.",
        ),
        (
            "predictions.with_columns(pl.col('probability: yes') / 2)",
            "after_predict gives probabilities that do not add up to 1.",
        ),
        (
            "predictions.with_columns(pl.lit(float('nan')).alias('probability: yes'))",
            "after_predict gives probabilities that do not add up to 1.",
        ),
    ],
)
def test_after_predict_must_give_an_answer_for_every_row(hooks, line, expected):
    with pytest.raises(Mistake) as raised:
        answered(hooks(after(line)), Certain(0.2, 0.6, 0.5))
    assert said(raised)[0].startswith(f"hooks.py:3   {expected}")


def test_a_value_may_be_changed_after_predicting(hooks):
    schema = SCHEMA.model_copy(
        update={"task": "regression", "target_column": column("number"), "classes": None, "positive": None}
    )

    class Value(Fitted):
        def predict(self, frame):
            return np.array([-1.0, 2.5, 7.0])

    model = Value()
    model.schema = schema
    found = hooks(after("predictions.with_columns(pl.col('prediction').clip(0, 5).round().cast(pl.Int64))"))

    assert prediction.predict(model, ROWS, found).values == [0.0, 2.0, 5.0]


# the examples in a new project


def test_the_examples_in_a_new_project_are_hooks_once_they_are_uncommented(hooks):
    (template,) = Path(str(files("overture.templates"))).glob("project/*/hooks.py")
    lines = template.read_text().replace("{{ cookiecutter.name }}", "churn").splitlines()
    found = hooks("\n".join(line.removeprefix("# ") for line in lines) + "\n")

    assert all(getattr(found, name) for name in ("features", "estimator", "before_predict", "after_predict"))
    assert list(found.metrics) == ["cost"]
    assert hooks("\n".join(lines)).metrics == {}
