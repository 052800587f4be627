"""Run the jobs of a sweep on Ray: side by side here, or on the machines of a cluster that share the project's folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..cores import cores
from ..errors import Mistake

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn
    from hydra.types import HydraContext
    from omegaconf import DictConfig

    from overture.runtime.hydra_plugin.launchers import RayLauncher

    from .jobs import Jobs


def launch(launcher: RayLauncher, jobs: Sequence[Sequence[str]], first: int) -> list[JobReturn]:
    """Run jobs and wait until each has ended or its process has died.

    Raises what Ray raises of a process that died, after the others ended; Mistake when Ray is not installed.
    """
    from hydra.core.singleton import Singleton
    from hydra.core.utils import setup_globals
    from omegaconf import open_dict

    ray = _started(launcher)
    setup_globals()
    task: Jobs = launcher.task
    task.watched = True  # what a job prints stays on its machine
    run = ray.remote(**_plain(launcher.remote))(_run)
    state, task_of, context = Singleton.get_state(), ray.put(task), launcher.hydra_context
    pending = []
    for place, words in enumerate(jobs):
        config = context.config_loader.load_sweep_config(launcher.config, list(words))
        with open_dict(config):
            config.hydra.job.id, config.hydra.job.num = f"job {first + place}", first + place
        pending.append(run.remote(context, task_of, config, state, str(Path.cwd())))
    return _gathered(ray, pending)


def _gathered(ray: Any, pending: list[Any]) -> list[JobReturn]:
    found, died = [], []
    for reference in pending:
        try:
            found.append(ray.get(reference))
        except ray.exceptions.RayError as error:
            died.append(error)
    if died:
        raise died[0]
    return found


def _started(launcher: RayLauncher) -> Any:
    try:
        import ray
    except ModuleNotFoundError as error:
        hint = 'Run: pip install "overture[ray]"'
        raise Mistake(
            f"hydra/launcher=ray needs the package {error.name}, which is not installed.", hint=hint
        ) from None
    if not ray.is_initialized():
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        options = _plain(launcher.init)
        here = {} if "address" in options else {"num_cpus": launcher.n_jobs if launcher.n_jobs > 0 else cores()}
        ray.init(**here, **options)
    return ray


def _run(context: HydraContext, task: Jobs, config: DictConfig, state: Any, folder: str) -> JobReturn:
    """One job, in a process of Ray."""
    from hydra.core.singleton import Singleton
    from hydra.core.utils import run_job, setup_globals

    os.chdir(folder)
    setup_globals()
    Singleton.set_state(state)
    keys = {"job_dir_key": "hydra.sweep.dir", "job_subdir_key": "hydra.sweep.subdir"}
    return run_job(hydra_context=context, task_function=task, config=config, **keys)


def _plain(options: Any) -> dict[str, Any]:
    from omegaconf import OmegaConf

    plain = OmegaConf.to_container(options, resolve=True) if options is not None else {}
    return {str(key): value for key, value in plain.items()} if isinstance(plain, dict) else {}
