"""Train tickets:  python train.py [model=… split.test=… -m]

Will a ticket be answered late?

Written by overture from conf/. Change conf/ first; what you change here is kept
when `overture generate` runs again.
"""

from omegaconf import DictConfig
from overture.runtime import Project, check, entry, evaluate, fit, load, record, split, try_out

import hooks


@entry(config_path="conf", config_name="config")  # hydra.main, with overture's errors
def main(config: DictConfig) -> float:
    """Train one model and return its objective, which a sweep compares."""
    project = Project.from_config(config, hooks)
    if run := project.finished():
        return run.objective

    rows = load(project.data)
    check(rows, project.schema)
    parts = split(rows, project.split)
    if project.trial:
        return try_out(project, parts)  # a search never looks at the test rows
    model = fit(project.model, parts)
    scores = evaluate(model, parts, project.evaluation)
    run = record(project, parts, model, scores)

    return run.objective


if __name__ == "__main__":
    main()
