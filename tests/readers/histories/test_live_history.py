"""A history in memory is read as one that was saved."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mlpdoctor.core.errors import InputError
from mlpdoctor.readers.histories.live_history import read_live_history

LOSSES = [0.9, 0.5, 0.25]


@pytest.mark.parametrize(
    "given",
    [
        {"loss": LOSSES},
        {"loss": np.array(LOSSES, np.float32)},
        {"loss": [np.float32(loss) for loss in LOSSES], "lr": [0.1] * 3},
        LOSSES,
        [{"loss": loss} for loss in LOSSES],
        SimpleNamespace(history={"loss": LOSSES}, params={"epochs": 3, "verbose": 0}),
    ],
)
def test_all_that_people_have(given: Any) -> None:  # noqa: ANN401
    run = read_live_history(given).last
    assert run is not None
    assert run.loss is not None
    assert run.loss.values.tolist() == pytest.approx(LOSSES, rel=1e-6)
    assert run.loss.epochs.tolist() == [1, 2, 3]


def test_nan_and_the_planned_epochs_are_kept() -> None:
    run = read_live_history(SimpleNamespace(history={"loss": [1.0, float("nan")]}, params={"epochs": 7})).last
    assert run is not None
    assert run.loss is not None
    assert np.isnan(run.loss.values[1])
    assert run.planned == 7


@pytest.mark.parametrize(
    "given", [3, {}, {"loss": []}, {"loss": ["a"]}, {"accuracy": [1.0], "auc": [1.0]}, {"loss": [{1}]}]
)
def test_what_holds_no_losses_is_refused_in_one_line(given: Any) -> None:  # noqa: ANN401
    with pytest.raises(InputError, match="history: ") as caught:
        read_live_history(given)
    assert "\n" not in str(caught.value)
