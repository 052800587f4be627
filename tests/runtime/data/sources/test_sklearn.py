"""The data sets that come with scikit-learn."""

import pytest

from overture.runtime.data.column import column
from overture.runtime.data.sources.sklearn import Bundled


@pytest.mark.parametrize(
    ("name", "rows", "columns", "label"),
    [
        ("breast_cancer", 569, 31, "malignant"),
        ("diabetes", 442, 11, 151.0),
        ("iris", 150, 5, "setosa"),
        ("wine", 178, 14, "class_0"),
    ],
)
def test_all_rows_with_the_label_by_name(tmp_path, name, rows, columns, label):
    source = Bundled(kind="sklearn", name=name)
    assert len(source.columns(tmp_path)) == columns
    read = source.read(tmp_path, {"target": column("text")})
    assert (read.height, read["target"][0]) == (rows, label)
    assert source.snapshot(tmp_path)["name"] == name
