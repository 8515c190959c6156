"""Weights as training would start from them, drawn from the initialisers in the file."""

from collections.abc import Mapping

import numpy as np

from mlpdoctor.curvature.initializers import draw
from mlpdoctor.fact import Absent, fact
from mlpdoctor.layers.registry import family_of
from mlpdoctor.lean import dataclass
from mlpdoctor.network import Array, Key, Network
from mlpdoctor.seed import random


@dataclass(frozen=True, eq=False)
class FreshStart:
    """Any number of fresh starts of a network.

    Attributes:
        specs: how each trainable weight is drawn, as the configuration says.
        shapes: the shapes of these weights.
    """

    specs: Mapping[Key, object]
    shapes: Mapping[Key, tuple[int, ...]]

    def weights(self, seed: int) -> dict[Key, Array]:
        """All trainable weights, drawn anew; the same for the same seed."""
        rng = random(seed)
        found = {}
        for key, spec in self.specs.items():
            values = draw(spec, key[1], self.shapes[key], rng)
            if values is not None:
                found[key] = values
        return found


@fact
def fresh_start(network: Network) -> FreshStart | Absent:
    """Read the initialiser of each trainable weight."""
    specs, shapes = {}, {}
    for layer in network.layers:
        family = family_of(layer)
        if not layer.trainable or not layer.weights:
            continue
        own = tuple(layer.weights) if family is None else family.trained(layer)
        # Of kinds that only Keras runs those are known that name an initialiser for each weight, as convolutions do.
        if family is None and not all(f"{name}_initializer" in layer.config for name in own):
            return Absent(f"how the weights of {layer.name} are drawn is not known")
        for name in own:
            spec = layer.config.get(f"{name}_initializer")
            if draw(spec, name, (1, 1), np.random.default_rng(0)) is None:
                return Absent(f"the initialiser of {layer.name}'s {name} is not one of Keras's own")
            specs[layer.name, name] = spec
            shapes[layer.name, name] = np.shape(layer.weights[name])
    if not specs:
        return Absent("the model has no weight that training may change", applicable=False)
    return FreshStart(specs, shapes)
