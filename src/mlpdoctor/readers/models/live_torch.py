"""Reads a ``torch.nn.Sequential`` of plain layers that is in memory; torch itself is not imported."""

import math
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from mlpdoctor.core.errors import ModelFileError
from mlpdoctor.core.fast_dataclass import twin
from mlpdoctor.core.network import Layer, Network, Node, Shape
from mlpdoctor.core.report_model import MODEL
from mlpdoctor.nn.layers.properties import families
from mlpdoctor.readers.models.live_torch_training import Owned, _arrays, loss_of, optimizer_of, penalised

Module: TypeAlias = Any
"""Of torch, which is installed where one of its modules is given and nowhere else."""
FORMAT = "torch"
PLAIN: Mapping[str, str] = MappingProxyType(
    {
        "ReLU": "relu",
        "ReLU6": "relu6",
        "Tanh": "tanh",
        "Sigmoid": "sigmoid",
        "LogSigmoid": "log_sigmoid",
        "SELU": "selu",
        "SiLU": "silu",
        "Mish": "mish",
        "Softsign": "softsign",
        "Tanhshrink": "tanh_shrink",
        "Hardswish": "hard_silu",
        "Hardsigmoid": "hard_sigmoid",
    }
)
"""Activations without options, with their names in Keras."""
LOG_SHARES = "log_softmax"
ROWWISE = ("Softmax", "LogSoftmax")
USUAL: Mapping[tuple[str, str, tuple[object, ...]], str] = MappingProxyType(
    {
        ("Softmax", "dim", (1, -1, None)): "softmax",
        ("LogSoftmax", "dim", (1, -1, None)): LOG_SHARES,
        ("GELU", "approximate", ("none",)): "gelu",
        ("Softplus", "beta", (1,)): "softplus",
        ("ELU", "alpha", (1,)): "elu",
        ("CELU", "alpha", (1,)): "celu",
    }
)
"""Activations with an option, at values of it at which they have a name in Keras."""
SLOPED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"ELU": ("alpha", "alpha"), "LeakyReLU": ("negative_slope", "negative_slope")}
)
"""Layers of Keras with an option, as torch and as Keras call it."""
TAKEN = "Linear, Dropout, BatchNorm1d, LayerNorm, Flatten, Identity and activations"


def is_torch(thing: object) -> bool:
    """Whether something is a module of torch, told from its classes; imports nothing."""
    own = ("torch.nn.modules.module", "Module")
    return any((kind.__module__, kind.__name__) == own for kind in type(thing).__mro__)


def read_torch(model: Module, loss: object, optimizer: object, entering: Shape | None, *, labels: bool) -> Network:
    """The network that a Sequential in memory is.

    Args:
        model: of the layers that ``TAKEN`` names, nested or not, on any device.
        loss: an instance of a loss of torch, one of its functions, a name as of Keras, or None.
        optimizer: of torch; None where nothing is known of it.
        entering: the shape of a row, where it is known; only ``Flatten`` asks for it.
        labels: whether the targets are numbers of classes, one for each row.

    Raises:
        ModelFileError: it holds other layers, or they do not fit together.
    """
    if not _is(model, "Sequential"):
        raise ModelFileError(
            f"{MODEL}: {type(model).__name__} was given; of torch nn.Sequential is read, of {TAKEN}: give the same "
            "layers as nn.Sequential(...)"
        )
    layers = penalised(list(_layers(model)), optimizer)
    if not any(layer.kind == "Dense" for layer, _ in layers):
        raise ModelFileError(f"{MODEL}: there is no nn.Linear in it; expected nn.Sequential of {TAKEN}")
    compared = loss_of(loss, log_shares=_activated(layers[-1][0]) == LOG_SHARES, labels=labels)
    if compared is not None and compared.options.get("from_logits") and _activated(layers[-1][0]) == LOG_SHARES:
        # These losses take the softmax of what they are given, which is the same with the logarithms of shares.
        last, owned = layers[-1]
        layers[-1] = twin(last, config={**last.config, "activation": "linear"}), owned
    nodes = list(_nodes(layers, entering))
    owners = [(layer, owned) for layer, owned in layers if owned]
    return Network(
        name="Sequential",
        nodes=tuple(nodes),
        inputs=(0,),
        outputs=(len(nodes) - 1,),
        output_names=(nodes[-1].layer.name,),
        losses=(compared,),
        loss_weights=(1.0,),
        optimizer=optimizer_of(optimizer, owners),
        file=MODEL,
        format=f"{FORMAT} Sequential",
        metrics=((),),
    )


def _activated(layer: Layer) -> object:
    return layer.config.get("activation")


def _layers(model: Module, path: str = MODEL) -> Iterator[tuple[Layer, Owned]]:
    """All layers in order; an activation right behind a Linear becomes that layer's own, as people write Dense."""
    waiting: tuple[Layer, Owned] | None = None
    for name, module in _flat(model, path):
        activation = _activation(module, name)
        if waiting is not None:
            layer, owned = waiting
            named = isinstance(activation, str)
            yield (twin(layer, config={**layer.config, "activation": activation}) if named else layer), owned
            waiting = None
            if named:
                continue
        if isinstance(activation, str):
            yield Layer(name, "Activation", {"name": name, "activation": activation}), {}
        elif activation is not None:
            yield activation, {}
        elif _is(module, "Linear"):
            waiting = _linear(module, name)
        else:
            make = next((make for kind, make in OTHERS.items() if _is(module, kind)), None)
            if make is None:
                raise ModelFileError(f"{MODEL}: {name} is {type(module).__name__}; of torch mlpdoctor takes {TAKEN}")
            yield make(module, name)
    if waiting is not None:
        yield waiting


def _flat(model: Module, path: str) -> Iterator[tuple[str, Module]]:
    """Every module that is no Sequential, under the expression that people reach it by: ``model[1][0]``."""
    for name, module in model.named_children():
        own = f"{path}[{name}]" if name.isdigit() else f"{path}.{name}"
        if _is(module, "Sequential"):
            yield from _flat(module, own)
        else:
            yield own, module


def _is(module: Module, kind: str) -> bool:
    """Whether it is of a class of torch itself: a subclass may compute anything."""
    own = type(module)
    return own.__name__ == kind and own.__module__.startswith("torch.nn.modules.")


def _activation(module: Module, name: str) -> str | Layer | None:
    """The activation that a module is: its name in Keras, or a layer where it has options; None where it is none."""
    if not type(module).__module__.startswith("torch.nn.modules.activation"):
        return None
    kind = type(module).__name__
    if kind in PLAIN:
        return PLAIN[kind]
    if kind in ROWWISE and module.dim not in (1, -1, None):
        raise ModelFileError(f"{MODEL}: {name} is a {kind} over dim={module.dim}; expected dim=1, the outputs")
    for (own, option, value), known in USUAL.items():
        if own == kind and getattr(module, option) in value:
            return known
    if kind in SLOPED:
        option, ours = SLOPED[kind]
        return Layer(name, kind, {"name": name, ours: float(getattr(module, option))})
    raise ModelFileError(f"{MODEL}: {name}, {module}, is an activation that mlpdoctor does not follow")


def _linear(module: Module, name: str) -> tuple[Layer, Owned]:
    owned = {"kernel": module.weight} | ({} if module.bias is None else {"bias": module.bias})
    bound = 1 / math.sqrt(module.in_features)
    uniform = {"class_name": "RandomUniform", "config": {"minval": -bound, "maxval": bound}}
    config = {
        "name": name,
        "units": int(module.out_features),
        "activation": "linear",
        "use_bias": module.bias is not None,
        "kernel_initializer": uniform,
        "bias_initializer": uniform,
    }
    weights = {own: values.T if own == "kernel" else values for own, values in _arrays(owned).items()}
    return Layer(name, "Dense", config, weights, _trained(owned)), owned


def _batch_norm(module: Module, name: str) -> tuple[Layer, Owned]:
    if module.running_mean is None:
        raise ModelFileError(f"{MODEL}: {name} keeps no running statistics, so that a row has no prediction of its own")
    owned = {} if module.weight is None else {"gamma": module.weight, "beta": module.bias}
    config = {"name": name, "axis": -1, "epsilon": module.eps, "scale": bool(owned), "center": bool(owned)}
    if module.momentum is not None:
        config["momentum"] = 1 - module.momentum
    moving = {"moving_mean": module.running_mean, "moving_variance": module.running_var}
    return Layer(name, "BatchNormalization", config, _arrays({**owned, **moving}), _trained(owned)), owned


def _layer_norm(module: Module, name: str) -> tuple[Layer, Owned]:
    if len(module.normalized_shape) != 1:
        raise ModelFileError(f"{MODEL}: {name} normalises over {tuple(module.normalized_shape)}; expected one axis")
    named = (("gamma", module.weight), ("beta", module.bias))
    owned = {own: values for own, values in named if values is not None}
    config = {"name": name, "axis": -1, "epsilon": module.eps, "scale": "gamma" in owned, "center": "beta" in owned}
    return Layer(name, "LayerNormalization", config, _arrays(owned), _trained(owned)), owned


def _flatten(module: Module, name: str) -> tuple[Layer, Owned]:
    if (module.start_dim, module.end_dim) != (1, -1):
        raise ModelFileError(f"{MODEL}: {name} flattens only some axes; expected nn.Flatten()")
    return Layer(name, "Flatten", {"name": name}), {}


OTHERS: Mapping[str, Callable[[Module, str], tuple[Layer, Owned]]] = MappingProxyType(
    {
        "Dropout": lambda module, name: (Layer(name, "Dropout", {"name": name, "rate": float(module.p)}), {}),
        "Identity": lambda _, name: (Layer(name, "Activation", {"name": name, "activation": "linear"}), {}),
        "BatchNorm1d": _batch_norm,
        "LayerNorm": _layer_norm,
        "Flatten": _flatten,
    }
)


def _trained(owned: Owned) -> bool:
    return not owned or any(values.requires_grad for values in owned.values())


def _nodes(layers: list[tuple[Layer, Owned]], entering: Shape | None) -> Iterator[Node]:
    """The input and the layers with their shapes.

    Raises:
        ModelFileError: a layer takes another number of values than the one before gives.
    """
    first = next(layer for layer, _ in layers if layer.kind == "Dense")
    known = entering if entering is not None and layers[0][0].kind == "Flatten" else None
    shape: Shape = known or (int(first.weights["kernel"].shape[0]),)
    yield Node(Layer("input", "InputLayer", {"batch_shape": (None, *shape)}), (), shape)
    for place, (layer, _) in enumerate(layers):
        family = families()[layer.kind]
        wide = next(iter(layer.weights.values())).shape[0] if layer.weights else shape[-1]
        if wide != shape[-1]:
            raise ModelFileError(f"{MODEL}: {layer.name} takes {wide} values, and {shape[-1]} come to it")
        shape = family.output_shape(layer.config, [shape])
        yield Node(layer, (place,), shape)
