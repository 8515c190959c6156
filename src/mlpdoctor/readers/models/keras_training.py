"""What a file remembers of compile: the losses, the optimizer's options, and its variables dealt out to the weights."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from mlpdoctor.core.errors import ModelFileError
from mlpdoctor.core.network import KERAS_3, Config, Layer, LossConfig, Network, Optimizer, Stored
from mlpdoctor.nn.layers.family import Variable, number

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


Slots = dict[str, dict[str, dict[str, Stored]]]
Groups = tuple[tuple[str, ...], ...]
PAIRS = {
    "Adam": ("momentum", "velocity"),
    "AdamW": ("momentum", "velocity"),
    "Nadam": ("momentum", "velocity"),
    "Lamb": ("momentum", "velocity"),
    "Adamax": ("momentum", "norm"),
    "Adadelta": ("accumulated_grad", "accumulated_delta_var"),
    "Ftrl": ("accumulator", "linear"),
    "Adagrad": ("accumulator",),
    "Lion": ("momentum",),
}
"""The variables an optimizer keeps for each weight, in the order in which ``build`` adds them."""


def optimizer(
    name: str,
    options: Config,
    stored: Sequence[tuple[str, Stored]],
    trained: Sequence[tuple[Layer, Variable]],
    keras: int,
) -> Optimizer:
    """The optimizer with what its variables tell.

    Args:
        name: the class name.
        options: its configuration.
        stored: its variables with their names in the file, or their numbers, in order.
        trained: the trainable weights in the order of ``model.trainable_variables``.
        keras: major version of the Keras that wrote the file.
    """
    rest = list(stored)
    iterations = rate = floatx = None
    if rest and rest[0][1].ndim == 0 and (rest[0][0].isdigit() or "iter" in rest[0][0]):
        steps = int(options.get("gradient_accumulation_steps") or 1)
        iterations = int(rest.pop(0)[1]) // steps
        if iterations < 0:
            raise ModelFileError(
                f"its optimizer has made {iterations:,} updates; the file is damaged, re-save the model"
            )
    configured = configured_rate(options)
    counted = iterations is not None and keras >= KERAS_3
    if counted and configured is not None and rest and rest[0][1].ndim == 0:
        stored_rate = rest.pop(0)[1]
        rate, floatx = float(stored_rate), str(stored_rate.dtype)
    # Nadam keeps a running product beside the slots; no weight of ours is a scalar.
    arrays = [pair for pair in rest if name != "Nadam" or pair[1].ndim]
    slots = _dealt(arrays, trained, _layout(name, options, keras, _is_legacy(arrays)))
    return Optimizer(name, options, iterations, configured if rate is None else rate, slots, floatx=floatx)


def dealt(network: Network, trained: Sequence[tuple[Layer, Variable]]) -> Network:
    """The network with what its file left open, once somebody knows its trainable weights in order."""
    known = network.optimizer
    if known is None or not known.undealt:
        return network
    keras = network.nodes[0].layer.keras
    return replace(network, optimizer=optimizer(known.name, known.options, known.undealt, trained, keras))


def _is_legacy(stored: Sequence[tuple[str, Stored]]) -> bool:
    """Optimizers before Keras 2.11 name the slot last: ``Adam/dense/kernel/m:0``."""
    return bool(stored) and stored[-1][0].rpartition("/")[2].split(":")[0] in LEGACY


LEGACY = {"m", "v", "vhat", "momentum", "rms", "mg", "accumulator", "accum_grad", "accum_var", "linear", "u"}


def _layout(name: str, options: Config, keras: int, legacy: bool) -> Groups | None:  # noqa: FBT001
    """Groups of slots: within a group each weight's slots lie together, groups follow one another."""
    ema, accumulated = bool(options.get("use_ema")), bool(options.get("gradient_accumulation_steps"))
    if ema and accumulated:
        return None  # their order changed between versions of Keras 3
    front: Groups = (("average",),) if ema else ()
    if accumulated:
        front = (("gradient_accumulator",),)
    if name in PAIRS:
        own: Groups = tuple((slot,) for slot in PAIRS[name]) if legacy else (PAIRS[name],)
        if options.get("amsgrad"):
            own += (("velocity_hat",),)
    elif name == "SGD":
        always = keras < KERAS_3 and not legacy
        own = (("momentum",),) if always or float(options.get("momentum") or 0) else ()
    elif name == "RMSprop":
        own = (("velocity",),)
        own += (("momentum",),) if float(options.get("momentum") or 0) else ()
        own += (("average_gradient",),) if options.get("centered") else ()
        if legacy and len(own) > 1:
            return None
    else:
        return None
    return front + own


def _dealt(
    stored: Sequence[tuple[str, Stored]], trained: Sequence[tuple[Layer, Variable]], layout: Groups | None
) -> Slots:
    """The slots, or nothing where number, shape or name of any variable leaves a doubt."""
    if not layout:
        return {}
    places = [(layer.name, variable, slot) for group in layout for layer, variable in trained for slot in group]
    if len(places) != len(stored):
        return {}
    slots: Slots = {}
    for (layer, variable, slot), (name, values) in zip(places, stored, strict=True):
        if values.shape != variable.shape or not (name.isdigit() or variable.name in name):
            return {}
        slots.setdefault(layer, {}).setdefault(variable.name, {})[slot] = np.asarray(values)
    return slots
