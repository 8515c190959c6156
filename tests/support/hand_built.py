"""Networks and data made by hand, so that tests of floors, facts and checks need no Keras."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from mlpdoctor import checks as check_package
from mlpdoctor.core.check import Check
from mlpdoctor.core.dataset import Batch
from mlpdoctor.core.discovery import declared
from mlpdoctor.core.network import Array, Layer, LossConfig, Network, Node, Optimizer, Shape
from mlpdoctor.diagnosis.diagnose import examine
from mlpdoctor.diagnosis.resolve import FactResolver
from mlpdoctor.nn.layers.properties import families


class Draft:
    """A network drawn call by call; every call returns the position of its node."""

    def __init__(self, *widths: int) -> None:
        self.nodes: list[Node] = []
        self.inputs = tuple(self._place(_layer("InputLayer", f"in_{k}", {}), (), (w,)) for k, w in enumerate(widths))

    def dense(
        self, source: int, units: int, activation: str | None = None, *, bias: bool = True, name: str | None = None
    ) -> int:
        return self.call("Dense", source, name=name, units=units, activation=activation, use_bias=bias)

    def call(self, kind: str, *sources: int, name: str | None = None, **config: Any) -> int:  # noqa: ANN401  JSON
        family = families().get(kind)
        shapes = [self.nodes[source].shape or () for source in sources]
        layer = _layer(kind, name or f"{kind.lower()}_{len(self.nodes)}", config)
        if family is None:
            return self._place(layer, sources, None)
        weights = {v.name: np.zeros(v.shape, np.float32) for v in family.variables(config, shapes)}
        return self._place(replace(layer, weights=weights), sources, family.output_shape(config, shapes))

    def again(self, position: int, *sources: int) -> int:
        """Call the layer of an earlier node once more."""
        return self._place(self.nodes[position].layer, sources, self.nodes[position].shape)

    def network(self, *outputs: int, loss: str | None = "mse", weights: tuple[float, ...] | None = None) -> Network:
        return Network(
            name="by_hand",
            nodes=tuple(self.nodes),
            inputs=self.inputs,
            outputs=outputs,
            output_names=tuple(self.nodes[position].layer.name for position in outputs),
            losses=tuple(None if loss is None else LossConfig(loss) for _ in outputs),
            loss_weights=weights or (1.0,) * len(outputs),
            optimizer=Optimizer("Adam", iterations=100, learning_rate=1e-3),
            file="model.keras",
            format="made by hand",
        )

    def _place(self, layer: Layer, sources: tuple[int, ...], shape: Shape | None) -> int:
        self.nodes.append(Node(layer, sources, shape))
        return len(self.nodes) - 1


def _layer(kind: str, name: str, config: Mapping[str, Any]) -> Layer:
    return Layer(name, kind, config)


def sequential(features: int, *layers: tuple[int, str | None], bias: bool = True, loss: str = "mse") -> Network:
    """Dense layers in a row, given as (units, activation)."""
    draft = Draft(features)
    here = 0
    for units, activation in layers:
        here = draft.dense(here, units, activation, bias=bias)
    return draft.network(here, loss=loss)


def drawn(network: Network, seed: int, size: float = 1.0) -> Network:
    """The same network with all weights re-initialised; variances stay positive, shared layers stay shared."""
    rng = np.random.default_rng(seed)
    anew: dict[int, Layer] = {}
    for layer in network.layers:
        weights = {name: size * rng.normal(size=old.shape) for name, old in layer.weights.items()}
        weights |= {name: np.exp(weights[name]) for name in weights if "variance" in name}
        anew[id(layer)] = replace(layer, weights=weights)
    return replace(network, nodes=tuple(replace(node, layer=anew[id(node.layer)]) for node in network.nodes))


@dataclass(frozen=True, eq=False)
class Table:
    """A data set in memory, read in blocks of a size of its own."""

    features: Array
    targets: Array
    block: int = 1 << 14
    path: str = "data.csv"
    format: str = "made by hand"
    guesses: tuple[str, ...] = field(default=())
    weights: Array | None = None

    @property
    def feature_names(self) -> tuple[str, ...]:
        return tuple(f"x{k + 1}" for k in range(self.features.shape[1]))

    @property
    def target_names(self) -> tuple[str, ...]:
        return tuple(f"y{k + 1}" for k in range(self.targets.shape[1]))

    @property
    def weight_name(self) -> str | None:
        return None if self.weights is None else "w"

    @property
    def rows_about(self) -> int | None:
        return len(self.features)

    def batches(self, rows: int) -> Iterator[Batch]:
        step = min(rows, self.block)
        for start in range(0, len(self.features), step):
            part = slice(start, start + step)
            weights = None if self.weights is None else self.weights[part]
            yield Batch(self.features[part], self.targets[part], start, weights)


def examined(
    network: Network, features: Array, targets: Array, block: int = 1 << 14, weights: Array | None = None
) -> FactResolver:
    """All that is known of a network on these rows."""
    table = Table(features, targets, block, weights=weights)
    return examine(network, table, list(declared(check_package, Check)))
