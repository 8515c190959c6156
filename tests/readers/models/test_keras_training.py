"""The spellings of losses and optimizers in old files."""

from mlpdoctor.core.network import LossConfig
from mlpdoctor.readers.models.keras_training import loss_weights, losses, optimizer_name


def test_spellings_of_old_files() -> None:
    wrapped = {"class_name": "LossFunctionWrapper", "config": {"fn": "mean_squared_error", "reduction": "auto"}}
    assert losses(wrapped, ["out"]) == (LossConfig("mean_squared_error"),)
    assert losses(["mse"], ["out"]) == (LossConfig("mse"),)
    assert losses({"out": ["mse"]}, ["out"]) == (LossConfig("mse"),)
    assert losses({"class_name": "Mine>Odd", "config": {"a": 1}}, ["out"]) == (LossConfig("Odd", {"a": 1}),)
    assert loss_weights(None, ["a", "b"]) == (1.0, 1.0)
    assert loss_weights([2], ["a", "b"]) == (2.0, 1.0)
    assert optimizer_name("rmsprop") == ("RMSprop", {"learning_rate": 1e-3})
    assert optimizer_name({"class_name": "Custom>SGD", "config": {"lr": 0.5}}) == ("SGD", {"lr": 0.5})
    assert optimizer_name(None) is None
