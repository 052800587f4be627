"""What is said of parameters of a library that are set by keys of ours."""

SEED, THREADS, STOPPING = (
    "Use the key seed.",
    "Use the key threads.",
    "Use early_stopping_rounds, the key beside params.",
)
TYPES, PROGRESS, OPTION = "The types in data.columns say it.", "overture shows the progress itself.", "Use the key {}."
