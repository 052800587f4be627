"""What is shared among processors goes by those that the process may use."""

import os
import subprocess
import sys

import polars as pl
import pytest
from omegaconf import OmegaConf

from overture.runtime.config.jobs import _share_cores
from overture.runtime.config.launching import Launch
from overture.runtime.cores import cores
from overture.runtime.data import pieces

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="this system cannot hold a process to some cores"
)


@pytest.fixture
def one_core():
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    yield
    os.sched_setaffinity(0, before)


def test_a_process_that_is_held_to_one_core_has_one(one_core):
    assert cores() == 1


def test_jobs_side_by_side_are_as_many_as_the_cores_that_may_be_used(one_core):
    launch = Launch(None, None, None, OmegaConf.create({"hydra": {"launcher": {"n_jobs": -1}}}))

    assert launch.width == 1


def test_a_job_gets_its_part_of_the_cores_that_may_be_used(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {*range(6)})
    config = OmegaConf.create({"threads": None})
    _share_cores(config, OmegaConf.create({"n_jobs": 2}))

    assert config.threads == 3


def test_as_many_columns_are_told_apart_at_once_as_there_are_cores(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {*range(3)})
    widths = []
    real = pl.DataFrame

    def noted(columns):
        widths.append(len(columns))
        return real(columns)

    columns = [pl.Series(f"x{at}", [1, 2]) for at in range(7)]
    monkeypatch.setattr(pl, "DataFrame", noted)
    found = pieces.apart(columns, [pl.Series([True, False])])

    assert widths == [3, 3, 1, 7]
    assert found[0].shape == (1, 7)


def test_the_memory_of_polars_is_laid_out_for_the_cores_that_may_be_used():
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); import overture.runtime; print(os.environ['_RJEM_MALLOC_CONF'])"
    plain = {key: value for key, value in os.environ.items() if key != "_RJEM_MALLOC_CONF"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=plain)

    assert done.stdout.strip() == "narenas:1"
