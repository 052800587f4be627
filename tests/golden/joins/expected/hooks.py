"""Where parcels does things its own way. Each function is optional; delete what you do not need."""

# import numpy as np
# import polars as pl
# from overture.runtime.hooks import metric
# from sklearn.linear_model import LogisticRegression


# def features(rows: pl.DataFrame) -> pl.DataFrame:
#     """Columns computed from others of the same row, alike in training, batch and serving."""
#     return rows.with_columns(ratio=pl.col("one_column") / (pl.col("another_column") + 1))


# def estimator(C: float = 1.0) -> LogisticRegression:
#     """What `kind: hooks` in conf/model/ fits; its parameters are the params there."""
#     return LogisticRegression(C=C, class_weight="balanced")


# @metric(greater_is_better=False)
# def cost(truth: np.ndarray, predicted: np.ndarray) -> float:
#     """A metric, for evaluation.objective, metrics and gates."""
#     return float(np.mean(np.abs(predicted - truth)))


# def before_predict(rows: pl.DataFrame) -> pl.DataFrame:
#     """Rows with other values, before the model sees them; runs in batch and serving."""
#     return rows.with_columns(pl.col("a_column").fill_null(0))


# def after_predict(rows: pl.DataFrame, predictions: pl.DataFrame) -> pl.DataFrame:
#     """Predictions as they are answered; runs in batch and serving."""
#     return predictions.with_columns(prediction=pl.col("prediction"))
