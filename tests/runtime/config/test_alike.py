"""Configurations of a sweep are what Hydra would have made of each alone."""

import itertools

import pytest
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import OmegaConf

from overture.runtime.config.alike import alike

KEYS = {
    "model": ["logistic", "catboost"],
    "seed": ["1", "2"],
    "++model.params.C": ["0.1", "[1,2]"],
    "split": ["random", "stratified"],
    "split.test": ["0.2", "0.3"],
    "serving": ["http", "[http,batch]"],
}


@pytest.fixture
def loader(make_project):
    with initialize_config_dir(str(make_project() / "conf"), version_base="1.3"):
        yield GlobalHydra.instance().config_loader()


def test_they_are_the_same_to_the_last_key(loader):
    jobs = [
        [f"{key}={value}" for key, value in zip(KEYS, values, strict=True)]
        for values in itertools.product(*KEYS.values())
    ][::5]

    def made(words):
        return OmegaConf.to_yaml(loader.load_configuration("config", words, RunMode.RUN))

    alone = [made(words) for words in jobs]
    with alike(loader):
        together = [made(words) for words in jobs]

    assert together == alone
    assert len(set(alone)) == len(jobs)


def test_a_key_that_is_not_there_is_refused_as_ever(loader):
    with alike(loader):
        loader.load_configuration("config", ["seed=1"], RunMode.RUN)
        with pytest.raises(HydraException, match="sede"):
            loader.load_configuration("config", ["sede=1"], RunMode.RUN)
