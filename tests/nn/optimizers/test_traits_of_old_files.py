"""The next step of files by Keras 2, whose older classes put epsilon elsewhere, and the rate that decays with them."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from mlpdoctor.core.network import Optimizer
from mlpdoctor.nn.optimizers.rate import at_rate, rate_now
from mlpdoctor.nn.optimizers.rule import is_old
from mlpdoctor.nn.optimizers.traits import Step, next_step
from mlpdoctor.readers.models.model import read_network

ARCHIVE = Path(__file__).with_name("keras_2.zip")
NAMES = sorted(name.removesuffix(".h5") for name in zipfile.ZipFile(ARCHIVE).namelist() if name.endswith(".h5"))
KEYS = [("first", "kernel"), ("first", "bias"), ("last", "kernel"), ("last", "bias")]


def kept(folder: Path, name: str) -> Optimizer:
    with zipfile.ZipFile(ARCHIVE) as archive:
        optimizer = read_network(archive.extract(f"{name}.h5", folder)).optimizer
    assert optimizer is not None
    return optimizer


@pytest.mark.parametrize("name", NAMES)
def test_the_step_is_that_of_keras_2(tmp_path: Path, name: str) -> None:
    optimizer = kept(tmp_path, name)
    assert optimizer.iterations == 25
    assert is_old(optimizer.options) == name.startswith("old-")
    with zipfile.ZipFile(ARCHIVE) as archive:
        arrays = np.load(archive.extract(f"{name}.npz", tmp_path))
    given, before, after = (
        {key: arrays[f"{what}{i}"].astype(np.float64) for i, key in enumerate(KEYS)}
        for what in ("given", "before", "after")
    )
    step = next_step(optimizer, before, given)
    assert isinstance(step, Step), step
    for key in KEYS:
        np.testing.assert_allclose(step.updates[key], after[key] - before[key], rtol=1e-5, atol=2e-7)


@pytest.mark.parametrize(
    ("name", "decay"), [("old-sgd", 0.3), ("old-adam", 0.3), ("old-momentum", 0), ("old-nadam", 0)]
)
def test_the_decay_of_old_classes_lowers_the_rate(tmp_path: Path, name: str, decay: float) -> None:
    assert rate_now(kept(tmp_path, name)) == pytest.approx(0.02 / (1 + decay * 25), rel=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_at_another_rate_it_stays_the_same_optimizer(tmp_path: Path, name: str) -> None:
    optimizer = kept(tmp_path, name)
    now = rate_now(optimizer)
    assert now is not None
    same = at_rate(optimizer, now)
    assert rate_now(same) == now
    assert rate_now(at_rate(optimizer, 0.5)) == 0.5
    assert is_old(same.options) == is_old(optimizer.options)
