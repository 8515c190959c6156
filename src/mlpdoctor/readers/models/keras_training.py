"""What a file remembers of compile: the loss of each output, their weights, the optimizer's options."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from mlpdoctor.core.network import Config, LossConfig
from mlpdoctor.nn.layers.config_values import number

OPTIMIZERS: Mapping[str, str] = MappingProxyType(
    {
        name.lower(): name
        for name in (
            "SGD", "RMSprop", "Adam", "AdamW", "Nadam", "Adamax", "Adagrad", "Adadelta", "Lion", "Ftrl",
            "Adafactor", "Lamb", "Muon",
        )
    }
)  # fmt: skip

RATES: Mapping[str, float] = MappingProxyType({"SGD": 1e-2, "Lion": 1e-4})
"""Default learning rates of Keras 2 that are not 0.001."""


def losses(spec: object, names: Sequence[str], keys: Sequence[str] = ()) -> tuple[LossConfig | None, ...]:
    """The loss of each output.

    Args:
        spec: one loss for all outputs, a list in their order, or a dictionary by name.
        names: the outputs' names.
        keys: their keys, where the model returns a dictionary.
    """
    return tuple(_loss(item) for item in _by_output(spec, names, keys))


def loss_weights(spec: object, names: Sequence[str], keys: Sequence[str] = ()) -> tuple[float, ...]:
    """The factor of each output's loss."""
    return tuple(number(item, 1.0) for item in _by_output(spec, names, keys))


def metrics(spec: object, names: Sequence[str], keys: Sequence[str] = ()) -> tuple[tuple[str, ...], ...]:
    """The metrics of each output, by the names of functions and classes; what is none of either is left out."""
    if isinstance(spec, list) and (len(names) == 1 or not any(isinstance(item, list) for item in spec)):
        spec = [spec] * len(names)
    return tuple(_metrics(item) for item in _by_output(spec, names, keys))


def _metrics(spec: object) -> tuple[str, ...]:
    if isinstance(spec, list):
        return tuple(name for item in spec for name in _metrics(item))
    if isinstance(spec, str):
        return (spec,)
    if not isinstance(spec, Mapping):
        return ()
    config = spec.get("config")
    if isinstance(config, str):  # a function
        return (config,)
    wrapped = config.get("fn") if isinstance(config, Mapping) else None
    if wrapped is not None:
        return _metrics(wrapped)
    return (str(spec.get("class_name")).rpartition(">")[2],)


def _by_output(spec: object, names: Sequence[str], keys: Sequence[str]) -> list[Any]:
    if isinstance(spec, list):
        return [spec[place] if place < len(spec) else None for place in range(len(names))]
    if isinstance(spec, Mapping) and "class_name" not in spec:
        chosen = keys if len(keys) == len(names) and not set(names) & spec.keys() else names
        return [spec.get(name) for name in chosen]
    return [spec] * len(names)


def _loss(spec: object) -> LossConfig | None:
    if isinstance(spec, str):
        return LossConfig(spec)
    if isinstance(spec, list) and len(spec) == 1:
        return _loss(spec[0])
    if not isinstance(spec, Mapping):
        return None
    config = spec.get("config")
    if isinstance(config, str):  # a function
        return LossConfig(config)
    options = config if isinstance(config, Mapping) else {}
    wrapped = options.get("fn")
    if spec.get("class_name") == "LossFunctionWrapper" and wrapped is not None:
        return _loss(wrapped)
    return LossConfig(str(spec.get("class_name")).rpartition(">")[2], options)


def optimizer_name(spec: object) -> tuple[str, Config] | None:
    """The optimizer's class name and options; a loss-scaling wrapper is looked through."""
    if isinstance(spec, str):  # Keras 2 keeps the name alone, which stands for all defaults
        name = OPTIMIZERS.get(spec.lower(), spec)
        return name, {"learning_rate": RATES.get(name, 1e-3)} if name in OPTIMIZERS.values() else {}
    if not isinstance(spec, Mapping):
        return None
    config = spec.get("config")
    options: Config = config if isinstance(config, Mapping) else {}
    inner = options.get("inner_optimizer")
    if isinstance(inner, Mapping):
        return optimizer_name(inner)
    # Keras 2.11 and later wrote its own optimizers as "Custom>Adam".
    name = str(spec.get("class_name", "")).rpartition(">")[2]
    return OPTIMIZERS.get(name.lower(), name), options


def configured_rate(options: Config) -> float | None:
    """The learning rate of the configuration, ``lr`` in old files; None for a schedule."""
    rate = options.get("learning_rate", options.get("lr"))
    scalar = isinstance(rate, (int, float)) or (isinstance(rate, Mapping) and "value" in rate)
    return number(rate, 0.0) if scalar else None
