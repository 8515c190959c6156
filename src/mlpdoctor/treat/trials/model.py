"""From a file to a model's data and back: loaded safely, rebuilt from its configuration, written whole or not."""

import copy
import inspect
import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from mlpdoctor.core.errors import ModelFileError, UsageError, legible
from mlpdoctor.core.network import LossConfig, Network, Optimizer, Stored
from mlpdoctor.core.report_model import legible_parts
from mlpdoctor.core.whole_file import Put, replacing
from mlpdoctor.engine import keras_load
from mlpdoctor.engine.keras_guard import Refused
from mlpdoctor.engine.keras_start import keras
from mlpdoctor.nn.heads import without_loss
from mlpdoctor.nn.losses.loss import Loss
from mlpdoctor.nn.losses.registry import kind_of
from mlpdoctor.treat.editing.edits import Json, ModelSpec, Weights
from mlpdoctor.treat.trials.rebuilt import Different, rebuilt

Code: TypeAlias = Mapping[str, Any]
"""The user's own classes and functions, by name."""
NO_CODE: Code = MappingProxyType({})
Model: TypeAlias = Any
"""A Keras model; Keras ships no types."""
OLD_REDUCTIONS = {"auto": "sum_over_batch_size", "sum_over_batch_size": "sum_over_batch_size"}


def load(network: Network, code: Code, live: object = None) -> ModelSpec:
    """All of a saved model as plain data, in the spelling of Keras 3; nothing in the file runs.

    What it was compiled with comes from our own reading of the file, so that ``--loss`` and losses that Keras cannot
    load count.

    Args:
        network: the model as we read it.
        code: the user's own layers and functions, by name.
        live: the model in memory, of which a copy is taken; None for the one in the file.

    Raises:
        InputError: Keras cannot load the file.
    """
    try:
        model = _of_keras(network, code) if live is None else keras_load.copied(live, code)
    except keras_load.Unloadable as fault:
        try:
            model = rebuilt(network)
        except Different as reason:
            raise ModelFileError(
                f"{network.file}: {fault}, nor can it be rebuilt ({reason}), so that nothing can be tried on it"
            ) from fault
    except Refused as fault:  # what may not be loaded may not be rebuilt either
        raise ModelFileError(f"{network.file}: {fault}, so that nothing can be tried on it") from fault
    # Our reader made the names legible, so Keras has to know the layers by the same ones.
    config = legible_parts(model.get_config())
    return ModelSpec(type(model).__name__, config, weights_of(model), compiled_of(model, network))


def _of_keras(network: Network, code: Code) -> Model:
    if "Keras" not in network.format:
        raise keras_load.Unloadable("it is no file of Keras")
    return keras_load.load(network.file, code)


def compiled_of(model: Model, network: Network) -> Mapping[str, Json]:
    """What ``get_compile_config`` would say, from what our reader found in the file."""
    losses = [keras_loss(config) for config in network.losses if config is not None]
    if len(losses) != len(network.outputs):
        raise UsageError(f"{network.file}: {without_loss(network.format)}; name the loss you used: --loss mse")
    several = len(losses) > 1
    metrics = [list(_metrics(names)) for names in network.metrics] or None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.compile(
            optimizer=keras_optimizer(network.optimizer),
            loss=losses if several else losses[0],
            loss_weights=list(network.loss_weights) if several else None,
            metrics=metrics if several or metrics is None else metrics[0],
        )
    return dict(model.get_compile_config())


def _metrics(names: tuple[str, ...]) -> tuple[str, ...]:
    """Those that Keras knows by name."""
    known = []
    for name in names:
        try:
            keras().metrics.get(name)
        except ValueError:
            continue
        known.append(name)
    return tuple(known)


def keras_loss(config: LossConfig) -> Any:  # noqa: ANN401  a Keras loss
    """The Keras loss of a file.

    Raises:
        UsageError: it is none of Keras's own.
    """
    own = kind_of(config.name)
    try:
        found = keras().losses.get(config.name)
    except ValueError:
        found = None
    if found is None and own is not None:
        found = keras().losses.get(_usual(own))
    if found is None:
        raise UsageError(
            f"the loss {config.name!r} is not one of Keras's own, and a trial cannot run its code; name one that "
            "comes near with --loss, as in --loss mse"
        )
    options = dict(config.options)
    if not options or inspect.isfunction(found):
        return found
    if "reduction" in options:
        options["reduction"] = OLD_REDUCTIONS.get(str(options["reduction"]), options["reduction"])
    return type(found)(**_accepted(type(found), options))


def _usual(kind: type[Loss]) -> str:
    """A name of the loss that this Keras knows."""
    for name in kind.names:
        try:
            keras().losses.get(name)
        except ValueError:
            continue
        return name
    return kind.names[0]


def keras_optimizer(saved: Optimizer | None) -> Any:  # noqa: ANN401  a Keras optimizer
    """The optimizer as it was when the model was saved, at the learning rate of that moment, with no memory yet."""
    if saved is None:
        return keras().optimizers.Adam()
    found = getattr(keras().optimizers, saved.name, None)
    if found is None:
        raise UsageError(f"the optimizer {saved.name!r} is not one of Keras's own, and a trial cannot run its code")
    options = _accepted(found, {name: value for name, value in saved.options.items() if name != "learning_rate"})
    if saved.learning_rate is not None:
        options["learning_rate"] = saved.learning_rate
    return found(**options)


def _accepted(kind: Any, options: Mapping[str, Json]) -> dict[str, Json]:  # noqa: ANN401  a Keras class
    """The options that the class takes in this version of Keras."""
    known = inspect.signature(kind.__init__).parameters
    return {name: value for name, value in options.items() if name in known and name not in {"self", "kwargs"}}


def weights_of(model: Model) -> Weights:
    """The arrays of every layer, by path and name."""
    return {
        path: {name: np.asarray(variable) for name, variable in named(layer)}
        for path, layer in layers(model)
        if layer.weights
    }


def named(layer: Any) -> list[tuple[str, Any]]:  # noqa: ANN401  a Keras layer
    """A layer's weights by their names; a name that comes again, as in a layer around layers, gets a number."""
    found: dict[str, Any] = {}
    for variable in layer.weights:
        name = variable.name if variable.name not in found else f"{variable.name}:{len(found)}"
        found[name] = variable
    return list(found.items())


def layers(model: Model, above: str = "") -> list[tuple[str, Any]]:
    """All layers that hold weights themselves, with their paths; models inside the model are opened."""
    found = []
    for layer in model.layers:
        path = f"{above}{legible(layer.name)}"
        inner = getattr(layer, "layers", None)
        if isinstance(layer, keras().Model) and inner:
            found += layers(layer, f"{path}/")
        else:
            found.append((path, layer))
    return found


def build(spec: ModelSpec, code: Code = NO_CODE) -> Model:
    """The Keras model, with its weights, compiled.

    Args:
        spec: the model.
        code: the user's own layers and functions, by name.
    """
    kind = keras().Sequential if spec.kind == "Sequential" else keras().Model
    with warnings.catch_warnings(), keras().saving.custom_object_scope(dict(code)):
        warnings.simplefilter("ignore")
        model = kind.from_config(copy.deepcopy(dict(spec.config)))  # Keras takes inner models apart
        put_weights(model, spec.weights)
        model.compile_from_config(copy.deepcopy(dict(spec.compiled)))
        if model.trainable_variables and not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)
    return model


def arranged(model: Model, weights: Weights, otherwise: Sequence[Stored]) -> list[Stored]:
    """All weights in the order of ``model.weights``; those that are not given are as they were."""
    given = {id(v): weights.get(path, {}).get(name) for path, layer in layers(model) for name, v in named(layer)}
    found = []
    for variable, old in zip(model.weights, otherwise, strict=True):
        value = given.get(id(variable))
        found.append(old if value is None else np.asarray(value, dtype=old.dtype))
    return found


def put_weights(model: Model, weights: Weights) -> None:
    """Set all weights that are given."""
    for path, layer in layers(model):
        given = weights.get(path, {})
        for name, variable in named(layer):
            if name in given:
                variable.assign(given[name])
        settle(layer)


def settle(layer: Any) -> None:  # noqa: ANN401  a Keras layer
    """Have a layer that works with values made from its weights, as Normalization does, make them again."""
    if hasattr(layer, "finalize_state") and layer.built and layer.weights:
        layer.finalize_state()


def write(model: Model, file: Path, put: Put = os.replace) -> None:
    """Write a ``.keras`` archive: the file is the old one or the new one, never half of it.

    Raises:
        UsageError: it cannot be written.
    """
    with replacing(file, str(file), put) as new, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save(new)
