"""Where {{ cookiecutter.name }} does things its own way. Each function is optional; delete what you do not need."""

# import polars as pl


# def features(rows: pl.DataFrame) -> pl.DataFrame:
#     """Columns computed from other columns of the same row; runs in training, batch and serving alike."""
#     return rows.with_columns(ratio=pl.col("one_column") / (pl.col("another_column") + 1))
