"""Activations by the names and configurations that Keras gives them."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from mlpdoctor.core.network import KERAS_3, Config, Layer, Shape
from mlpdoctor.nn.layers.activations.piecewise import HARD_SIGMOID_KERAS_2, PIECEWISE, relu, thresholded_relu
from mlpdoctor.nn.layers.activations.smooth import ROWWISE, SMOOTH, elu, softmax

# ruff: noqa: D102 - LayerFamily documents these methods
from mlpdoctor.nn.layers.family import LINEAR, Activation, LayerFamily, number

ALIASES = {"swish": "silu", "hard_swish": "hard_silu", "softmax_v2": "softmax"}
"""Second names: Keras's own, and the one that TensorFlow 2 wrote for its softmax."""

NAMED: Mapping[str, Activation] = MappingProxyType(
    {function.name: function for function in (*PIECEWISE, *SMOOTH, *ROWWISE)}
)
KERAS_2: Mapping[str, Activation] = MappingProxyType({"hard_sigmoid": HARD_SIGMOID_KERAS_2})
"""Functions whose meaning changed with Keras 3."""


def named_activations(keras: int = 3) -> dict[str, Activation]:
    """All activation functions by name, as the given major version of Keras computes them."""
    known = dict(NAMED) | {alias: NAMED[name] for alias, name in ALIASES.items()}
    return known | dict(KERAS_2) if keras < KERAS_3 else known


def activation_of(spec: object, keras: int = 3) -> Activation | None:
    """The function that a configuration names, or None when it is not one of Keras's own.

    Args:
        spec: a name, None, or a serialized function or activation layer, as in
            ``Dense(activation=LeakyReLU())``.
        keras: major version of the Keras that wrote the file.
    """
    if spec is None:
        return LINEAR
    if isinstance(spec, str):
        name = ALIASES.get(spec, spec)
        found = KERAS_2.get(name) if keras < KERAS_3 else None
        return found or NAMED.get(name)
    if not isinstance(spec, Mapping):
        return None
    kind, config = str(spec.get("class_name")), spec.get("config")
    if not _from_keras(spec):
        return None
    if isinstance(config, str):
        return activation_of(config, keras)
    if kind in LAYERS and isinstance(config, Mapping):
        return LAYERS[kind](config, keras)
    return None


def _from_keras(spec: Mapping[Any, Any]) -> bool:
    module = spec.get("module")
    return module is None or str(module).split(".")[0] in {"keras", "tf_keras"}


def relu_layer(config: Config, keras: int = 3) -> Activation:  # noqa: ARG001
    """``layers.ReLU``; absent values mean the defaults, as R keras leaves them out."""
    top = config.get("max_value")
    return relu(
        number(config.get("negative_slope"), 0.0),
        None if top is None else number(top, 0.0),
        number(config.get("threshold"), 0.0),
    )


def leaky_relu_layer(config: Config, keras: int = 3) -> Activation:  # noqa: ARG001
    """``layers.LeakyReLU``, whose slope Keras 2 calls alpha."""
    slope = number(config.get("negative_slope", config.get("alpha")), 0.3)
    return relu(slope, name="leaky_relu")


def elu_layer(config: Config, keras: int = 3) -> Activation:  # noqa: ARG001
    """``layers.ELU``."""
    return elu(number(config.get("alpha"), 1.0))


def softmax_layer(config: Config, keras: int = 3) -> Activation:  # noqa: ARG001
    """``layers.Softmax``."""
    axis = config.get("axis", -1)
    return softmax(axis if isinstance(axis, int) else tuple(axis))


def thresholded_relu_layer(config: Config, keras: int = 3) -> Activation:  # noqa: ARG001
    """``layers.ThresholdedReLU`` of Keras 2."""
    return thresholded_relu(number(config.get("theta"), 1.0), name="thresholded_relu")


def activation_layer(config: Config, keras: int = 3) -> Activation | None:
    """``layers.Activation``."""
    return activation_of(config.get("activation"), keras)


LAYERS: Mapping[str, Callable[[Config, int], Activation | None]] = MappingProxyType(
    {
        "Activation": activation_layer,
        "ELU": elu_layer,
        "LeakyReLU": leaky_relu_layer,
        "ReLU": relu_layer,
        "Softmax": softmax_layer,
        "ThresholdedReLU": thresholded_relu_layer,
    }
)
"""Layers that are nothing but a function without weights."""


def shape_after(spec: object, shape: Shape) -> Shape:
    """The shape once the activation is applied: glu alone changes it."""
    if spec == "glu" or (isinstance(spec, Mapping) and spec.get("config") == "glu"):
        width = shape[-1]
        return (*shape[:-1], None if width is None else width // 2)
    return shape


class Activated(LayerFamily):
    """A layer that applies the function its configuration names."""

    def activation(self, layer: Layer) -> Activation:
        found = activation_of(layer.config.get("activation"), layer.keras)
        if found is None:
            raise LookupError(f"layer '{layer.name}' {self.obstacle(layer)}")
        return found

    def obstacle(self, layer: Layer) -> str | None:
        spec = layer.config.get("activation")
        if activation_of(spec, layer.keras) is None:
            return f"has the custom activation {_title(spec)}"
        return super().obstacle(layer)


def _title(spec: object) -> str:
    if not isinstance(spec, dict):
        return str(spec)
    if isinstance(spec.get("config"), str):
        return str(spec["config"])
    return str(spec.get("registered_name") or spec.get("class_name"))
