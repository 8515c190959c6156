"""The callback: floors before the first epoch, the verdict once and only where something is wrong, no batch hooks.

Most of it is shown the losses of a training that took place elsewhere: its hooks are all that there is to test.
"""

import inspect
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from paths import FIXTURES

import mlpdoctor

X, Y = np.hsplit(np.loadtxt(FIXTURES / "three-points" / "data.csv", delimiter=",", skiprows=1), 2)
FLOOR = 0.005675946924535556
RESTING = [FLOOR + 0.03 * 0.7**epoch for epoch in range(100)]
FALLING = [0.03 * 0.9**epoch for epoch in range(60)]


def shown(fixture: str, losses: Iterable[float], **options: Any) -> tuple[Any, int]:  # noqa: ANN401
    """The callback after a training of these losses, and how many epochs there were."""
    callback = mlpdoctor.Callback(X, Y, **options)
    model = keras.models.load_model(FIXTURES / fixture / "model.keras")
    callback.set_model(model)
    model.stop_training, epochs = False, 0
    callback.on_train_begin()
    for loss in losses:
        callback.on_epoch_end(epochs, {"loss": loss})
        epochs += 1
        if model.stop_training:
            break
    callback.on_train_end()
    return callback, epochs


def test_a_network_on_a_proved_floor_is_stopped_and_told_why(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "report.json"
    callback, epochs = shown("three-points", RESTING, on_stuck="stop", check_every=10, report=file)
    said = capsys.readouterr().err
    assert 20 <= epochs < 100
    assert said.startswith("mlpdoctor: mean squared error: ")
    assert "0.03451" in said.splitlines()[0]
    assert said.count(callback.verdict) == 1
    assert said.endswith("Training is stopped.\n")
    assert callback.report.errors[0].code == "A101"
    assert callback.report.to_dict()["history"]["epochs"] == epochs
    assert file.read_text(encoding="utf-8") == callback.report.to_json()


def test_warned_training_goes_on_and_is_not_warned_again(capsys: pytest.CaptureFixture[str]) -> None:
    callback, epochs = shown("three-points", RESTING)
    assert epochs == 100
    assert capsys.readouterr().err.count(callback.verdict) == 1


def test_ignored_nothing_is_said_and_the_report_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    callback, epochs = shown("three-points", RESTING, on_stuck="ignore")
    assert epochs == 100
    assert capsys.readouterr().err == ""
    assert not callback.report.ok


@pytest.mark.parametrize("losses", [FALLING, [1e-9] * 60])
def test_a_network_that_learns_or_has_learned_is_let_alone(
    losses: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    callback, epochs = shown("three-points-sigmoid", losses, on_stuck="stop", check_every=10)
    assert (epochs, callback.verdict) == (60, None)
    assert capsys.readouterr().err.count("\n") == 2  # the floors, and the verdict at the end


def test_a_loss_that_is_no_number_is_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    callback, epochs = shown("three-points", [1.0, float("nan"), 1.0], on_stuck="stop")
    assert epochs == 2
    assert "NaN" in callback.verdict
    assert "epoch 2: " in capsys.readouterr().err


def test_it_is_a_callback_and_a_public_name() -> None:
    assert issubclass(mlpdoctor.Callback, keras.callbacks.Callback)
    assert "Callback" in dir(mlpdoctor)


def test_nothing_runs_in_the_step() -> None:
    own = {name for name, _ in inspect.getmembers(mlpdoctor.Callback, inspect.isfunction) if "batch" in name}
    assert own
    assert all(getattr(mlpdoctor.Callback, name) is getattr(keras.callbacks.Callback, name) for name in own)


def test_no_training_ends_because_the_model_cannot_be_checked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise MemoryError("too large")

    monkeypatch.setattr("mlpdoctor.api.callback.check", broken)
    callback, epochs = shown("three-points", RESTING, on_stuck="stop")
    assert (epochs, callback.report, callback.verdict) == (100, None, None)
    assert "the model cannot be checked: MemoryError: too large" in capsys.readouterr().err


@pytest.mark.slow
def test_weights_and_losses_are_those_without_it() -> None:
    def trained(*callbacks: Any) -> tuple[list[float], list[Any]]:  # noqa: ANN401
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(4, "tanh"), keras.layers.Dense(1)])
        model.compile(keras.optimizers.Adam(0.05), "mse", jit_compile=False)
        history = model.fit(X, Y, epochs=12, verbose=0, callbacks=list(callbacks))
        return history.history["loss"], [variable.numpy().tolist() for variable in model.variables]

    callback = mlpdoctor.Callback(X, Y, on_stuck="ignore", check_every=5)
    assert trained(callback) == trained()
    assert callback.report is not None
    assert callback.report.to_dict()["history"]["epochs"] == 12


@pytest.mark.parametrize("options", [{"on_stuck": "halt"}, {"check_every": 0}, {"report": "r.pdf"}])
def test_options_that_mean_nothing_are_refused_before_training(options: dict[str, Any]) -> None:
    with pytest.raises(mlpdoctor.InputError, match=r"expected|the suffix tells the format"):
        mlpdoctor.Callback(X, Y, **options)
