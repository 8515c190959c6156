"""Optimizers with their state as Keras keeps it, and their updates by mlpdoctor's own engine, without Keras."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from keras_objects import OPTIMIZERS, Config, optimizer_options

from mlpdoctor.core import network as core
from mlpdoctor.nn.optimizers.rule import build
from mlpdoctor.readers.models.keras_training import configured_rate

if TYPE_CHECKING:
    from networks import Layer

Slots = dict[str, dict[str, dict[str, npt.NDArray[np.float32]]]]
"""By the path of the layer, the name of the weight and that of the slot."""


class Optimizer:
    """An optimizer of a model; without slots until it is built or has made an update."""

    def __init__(self, kind: str, options: Config) -> None:
        self.kind, self.options = kind, options
        self.iterations = 0
        self.slots: Slots = {}

    @property
    def learning_rate(self) -> Any:  # noqa: ANN401  a number or a schedule
        return self.options["learning_rate"]

    @learning_rate.setter
    def learning_rate(self, rate: Any) -> None:  # noqa: ANN401  as above
        self.options["learning_rate"] = float(np.float32(rate)) if isinstance(rate, int | float) else rate

    def build(self, owners: "Mapping[str, Layer]") -> None:
        """Slots at their start for every weight that is trained."""
        rule = build(core.Optimizer(self.kind, self.options))
        assert rule is not None, self.kind
        for path, layer in owners.items():
            for variable in layer.trainable_variables:
                starts = {name: np.full(variable.shape, start, np.float32) for name, start in rule.slots().items()}
                if starts:
                    self.slots.setdefault(path, {})[variable.name] = starts

    def frozen(self, owners: "Mapping[str, Layer]") -> core.Optimizer:
        """As mlpdoctor reads it; slots of weights that are trained no more are in no file."""
        trained = {(path, v.name) for path, layer in owners.items() for v in layer.trainable_variables}
        slots = {
            path: {name: dict(held) for name, held in weights.items() if (path, name) in trained}
            for path, weights in self.slots.items()
        }
        return core.Optimizer(
            self.kind,
            dict(self.options),
            self.iterations,
            configured_rate(self.options),
            {path: weights for path, weights in slots.items() if weights},
        )

    def take(self, after: core.Optimizer) -> None:
        """The state after updates."""
        self.iterations = after.iterations or 0
        self.slots = {
            path: {
                name: {slot: np.asarray(values, np.float32) for slot, values in held.items()}
                for name, held in weights.items()
            }
            for path, weights in after.slots.items()
        }


class Optimizers:
    """``optimizers.Adam(1e-3)`` as in Keras."""

    def __getattr__(self, kind: str) -> Callable[..., Optimizer]:
        if kind not in OPTIMIZERS:
            raise AttributeError(f"{kind}: an optimizer that the tests do not draw without Keras")
        return lambda *given, **named: Optimizer(kind, optimizer_options(kind, given, named))

    def get(self, spec: str | Optimizer) -> Optimizer:
        """The optimizer of a name, ``adam``; an optimizer as it is."""
        if isinstance(spec, Optimizer):
            return spec
        kind = next(kind for kind in OPTIMIZERS if kind.lower() == spec.lower())
        return Optimizer(kind, optimizer_options(kind, (), {}))


optimizers = Optimizers()
