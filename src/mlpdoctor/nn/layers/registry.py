"""The kinds of layers mlpdoctor knows: a new family is a new file in this folder."""

import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from mlpdoctor.core.network import Layer
from mlpdoctor.nn import layers
from mlpdoctor.nn.layers.family import LayerFamily


@cache
def families() -> Mapping[str, LayerFamily]:
    """Every family by the Keras class names it covers."""
    known: dict[str, LayerFamily] = {}
    for module in pkgutil.iter_modules(layers.__path__, f"{layers.__name__}."):
        for _, member in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            # One that names its kinds but lacks a pass, forward or backward, cannot be made: that shows at once.
            if issubclass(member, LayerFamily) and "kinds" in vars(member):
                known |= dict.fromkeys(member.kinds, member())
    return MappingProxyType(known)


def family_of(layer: Layer | str) -> LayerFamily | None:
    """The family of a layer, or None when mlpdoctor cannot follow it.

    Args:
        layer: a layer, whose whole configuration is looked at (a custom activation, a quantized kernel and a
            custom class of the same name are unknown), or a bare Keras class name.
    """
    if isinstance(layer, str):
        return families().get(layer)
    return None if obstacle(layer) else families()[layer.kind]


def obstacle(layer: Layer) -> str | None:
    """Why mlpdoctor cannot follow a layer, in words that complete "layer 'x' ..."; None when it can."""
    if layer.registered is not None:
        return f"is of the custom class {layer.registered}"
    family = families().get(layer.kind)
    return f"is of the kind {layer.kind}" if family is None else family.obstacle(layer)
