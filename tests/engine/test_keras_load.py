"""What a model file may name: a file that names code, or classes that nobody has given, is not handed to Keras."""

import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import pytest

from mlpdoctor.engine.keras_guard import Refused, configuration, objections
from mlpdoctor.engine.keras_load import load

L = keras.layers
Model = Any


def saved(layers: list[Model], path: Path) -> str:
    keras.Sequential([keras.Input((3,)), *layers, L.Dense(1)]).save(path)
    return str(path)


def rewritten(path: str, change: Callable[[Any], Any]) -> str:
    """The same archive with another configuration."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["config.json"] = json.dumps(change(json.loads(parts["config.json"]))).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_layers_of_keras_are_no_strangers(suffix: str, tmp_path: Path) -> None:
    inner = keras.Sequential([keras.Input((4,)), L.Dense(4, L.LeakyReLU()), L.Activation("gelu")])
    layers = [
        L.Dense(4, kernel_initializer="he_normal", kernel_regularizer=keras.regularizers.L1L2(0.1, 0.1)),
        inner,
        L.Reshape((2, 2)),
        L.TimeDistributed(L.Dense(2, kernel_constraint=keras.constraints.NonNeg())),
        L.Bidirectional(L.LSTM(2)),
    ]
    config = configuration(saved(layers, tmp_path / f"m.{suffix}"))
    assert list(objections(config)) == []


def test_what_compile_was_given_is_not_looked_at(tmp_path: Path) -> None:
    def strange(y: Model, p: Model) -> Model:
        return keras.ops.mean(keras.ops.square(y - p))

    model = keras.Sequential([keras.Input((3,)), L.Dense(1)])
    model.compile("adam", strange)
    model.save(path := tmp_path / "m.keras")
    assert load(str(path), {}).count_params() == 4


@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_a_lambda_is_refused_wherever_it_stands(suffix: str, tmp_path: Path) -> None:
    inner = keras.Sequential([keras.Input((3,)), L.Lambda(lambda z: 2 * z, name="odd")], name="inside")
    path = saved([inner], tmp_path / f"m.{suffix}")
    with pytest.raises(Refused, match="'odd' is a Lambda, Python code inside the model file"):
        load(path, {})


FORGED: Mapping[str, Any] = {
    "a module of Python's": {"module": "subprocess", "class_name": "Popen", "config": {"args": ["true"]}},
    "a function of Python's": {"module": "builtins", "class_name": "function", "config": "eval"},
    "a registered name": {"module": None, "class_name": "their>Layer", "config": {}, "registered_name": "their>Layer"},
    "a lambda": {"class_name": "__lambda__", "config": {"value": "4wEAAAA="}},
}


@pytest.mark.parametrize("what", sorted(FORGED))
def test_a_forged_file_is_refused(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def change(config: Any) -> Any:  # noqa: ANN401  JSON
        config["config"]["layers"][1]["config"]["activation"] = FORGED[what]
        return config

    def reached(*_: object, **__: object) -> None:
        raise AssertionError("Keras was handed the file")

    path = rewritten(saved([L.Dense(2)], tmp_path / "m.keras"), change)
    monkeypatch.setattr(keras.saving, "load_model", reached)
    with pytest.raises(Refused):
        load(path, {})


def test_what_keras_cannot_load_is_told_in_a_line(tmp_path: Path) -> None:
    def change(config: Any) -> Any:  # noqa: ANN401  JSON
        config["config"]["layers"][1]["config"]["units"] = -3
        return config

    path = rewritten(saved([L.Dense(2)], tmp_path / "m.keras"), change)
    with pytest.raises(Refused, match=r"Keras 3\S* cannot load it: ") as told:
        load(path, {})
    assert "\n" not in str(told.value)


def test_a_file_that_is_gone_is_told_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be read a second time"):
        load(str(tmp_path / "gone.keras"), {})
