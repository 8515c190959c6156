"""The part that all layers with an ``activation`` option share."""
# ruff: noqa: D102 - LayerFamily documents these methods

from mlpdoctor.layers.activation import Activation
from mlpdoctor.layers.activations.named import activation_of
from mlpdoctor.layers.family import LayerFamily
from mlpdoctor.network import Layer


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
