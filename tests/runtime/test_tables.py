"""Files to be scored, as they are read some rows at a time."""

import polars as pl
import pytest

from overture.runtime.data.column import column
from overture.runtime.tables import batches


@pytest.mark.parametrize(
    ("last", "kind"), [("month", pl.Enum(["month", "year"])), ("none", pl.String)], ids=["declared", "other"]
)
def test_categories_are_all_that_is_wanted_of_a_parquet_file(tmp_path, last, kind):
    stored = pl.DataFrame({"left": [1, 2, 3], "plan": ["year", None, last], "pay": ["card", "cash", "card"]})
    stored.write_parquet(tmp_path / "rows.parquet")
    wanted = {"pay": column("category", values=["card", "cash"]), "plan": column("category", values=["month", "year"])}
    (block,) = batches(tmp_path / "rows.parquet", wanted, set(), 3, dict, encoded=True)
    assert block.columns == ["pay", "plan", "_row"]
    assert block["plan"].dtype == kind
    assert block["pay"].to_list() == ["card", "cash", "card"]
    assert block["plan"].to_list() == ["year", None, last]
    assert block["_row"].to_list() == [1, 2, 3]
