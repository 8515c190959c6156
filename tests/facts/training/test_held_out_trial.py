"""More updates on rows kept out of them: a stop on the way is told from the end of it."""

import numpy as np
import pytest
from drawn_cases import L, Table, fit, optimizers, set_random_seed, stack
from hand_built import examined

from mlpdoctor.core.check import Absent
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.ladder.model_loss import ModelLoss, Objective
from mlpdoctor.facts.training.held_out_trial import HeldOutTrial, MoreUpdates, held_out_trial
from mlpdoctor.facts.training.training import CurrentRate, Training
from mlpdoctor.statistics.rows import RowSample


def corners(noise: float) -> tuple[Table, Table]:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(400, 2))
    y = np.sign(x[:, :1] * x[:, 1:])
    return x, y + noise * rng.normal(size=y.shape)


def tried(noise: float, epochs: int, *, made: int | None = None, reach: float | None = None) -> HeldOutTrial | Absent:
    """The trial where nobody knows of a lower loss than the model's, or than ``reach``."""
    x, y = corners(noise)
    set_random_seed(2)
    model = stack(2, L.Dense(16, "relu"), L.Dense(1))
    model.compile(optimizers.Adam(0.003), "mse")
    fit(model, x, y, epochs=epochs, batch=100)
    model.optimizer.iterations = made or model.optimizer.iterations
    network = model.network()
    facts = examined(network, x, y)
    loss = facts.get(ModelLoss).total
    position = LossPosition(constant=1 + noise**2, affine=None, data=0.0, reach=reach or loss, model=loss)
    got = [facts.get(one) for one in (Objective, RowSample, CurrentRate)]
    trial = held_out_trial.function(network, *got, position, facts.get(Training), None)
    assert isinstance(trial, HeldOutTrial | Absent)
    return trial


@pytest.mark.slow
def test_a_stop_on_the_way_is_seen() -> None:
    trial = tried(0.1, epochs=10)
    assert isinstance(trial, HeldOutTrial)
    assert trial.gains
    assert trial.trial.rows == 100
    evidence = trial.evidence(LossPosition(1.0, None, 0.0, 0.5, 0.5), 400)
    assert "made on other rows of this file" in evidence.why
    assert evidence.remedy is not None
    assert "0.03" in (evidence.remedy.code or "")


@pytest.mark.slow
def test_of_noise_more_updates_show_nothing() -> None:
    """The loss of the rows trained on would fall on; that of other rows does not."""
    trial = tried(3.0, epochs=30)
    assert isinstance(trial, HeldOutTrial)
    assert not trial.gains


@pytest.mark.parametrize("known", [{"made": 5000}, {"reach": 0.01}])
def test_nothing_is_tried_where_it_is_known(known: dict[str, float]) -> None:
    assert isinstance(tried(0.1, epochs=2, **known), Absent)  # type: ignore[arg-type]


def test_without_either_trial_nothing_falls() -> None:
    assert not MoreUpdates(None, None, unseen=True).falls
