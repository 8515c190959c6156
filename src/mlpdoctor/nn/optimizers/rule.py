"""What every optimizer is: options, state for each weight, and what one update adds to a weight."""

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cache
from typing import ClassVar, Self

import numpy as np

from mlpdoctor.core.discovery import subclasses
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array, Config, Optimizer
from mlpdoctor.nn.layers.family import number

PIECE = 1 << 15
"""Numbers that are moved at a time: all terms of a step then stay in the cache, and none is fetched from the system."""
State = Mapping[str, Array]
"""What an optimizer keeps for one weight, by the name of the slot, each of the weight's shape."""
Change = tuple[Array, State]
"""What an update adds to a weight, and the state after it."""


@dataclass(frozen=True)
class Rule(ABC):
    """An optimizer with its options; the fields are those of Keras, with Keras's defaults.

    Attributes:
        names: the Keras class names.
        weight_decay: share of the rate by which each weight shrinks before the update, apart from the gradient.
        old: whether it is one of Keras's classes from before 2.11, some of which add epsilon elsewhere.
        normalises_gradient: whether it divides the gradient by its size, so that gradients all so many times larger
            make the same steps.
        squares: the slot that sums up the squares of the gradients of a weight, or their size; None without one.
        relative: whether its steps are as long as the rate times the weights.
        apart: whether each number of a weight moves by itself, whatever the others are.
        power: to which power of the gradient that slot goes.
    """

    names: ClassVar[tuple[str, ...]]
    normalises_gradient: ClassVar[bool] = False
    squares: ClassVar[str | None] = None
    power: ClassVar[int] = 2
    relative: ClassVar[bool] = False
    apart: ClassVar[bool] = True
    weight_decay: float = 0.0
    old: bool = False

    @classmethod
    def of(cls, options: Config) -> Self:
        """The optimizer with the options that a file holds; those it does not know are left aside."""
        found: dict[str, float | bool] = {"old": is_old(options)}
        for field in dataclasses.fields(cls):
            if field.name != "old" and options.get(field.name) is not None:
                value = options[field.name]
                found[field.name] = bool(value) if isinstance(field.default, bool) else number(value, 0.0)
        return cls(**found)  # type: ignore[arg-type]

    @abstractmethod
    def slots(self) -> Mapping[str, float]:
        """The slots that an update reads, with the value that each starts from."""

    @abstractmethod
    def change(self, weight: Array, gradient: Array, state: State, rate: float, update: int) -> Change:
        """What the update adds to a weight, apart from weight decay, and the slots after it.

        Args:
            weight: its value, after weight decay.
            gradient: the gradient of the loss, clipped.
            state: the slots, as they are before the update.
            rate: the learning rate.
            update: number of the update, counted from 1.
        """

    def step(
        self, weight: Array, gradient: Array, state: State, rate: float, update: int, *, spent: bool = False
    ) -> Change:
        """What the update adds to a weight, weight decay included, and the slots after it; as ``change`` has it.

        A large weight is moved piece by piece where that comes to the same.

        Args:
            weight: its value.
            gradient: as for ``change``.
            state: as for ``change``.
            rate: the learning rate.
            update: number of the update, counted from 1.
            spent: whether the result may be written over the gradient and the slots of a large weight.
        """
        if not self.apart or weight.size <= PIECE or any(slot.shape != weight.shape for slot in state.values()):
            decay = -single(self.weight_decay) * rate * weight
            change, after = self.change(weight + decay, gradient, state, rate, update)
            return decay + change, after
        weight, gradient, shape = weight.reshape(-1), gradient.reshape(-1), weight.shape
        held = {name: slot.reshape(-1) for name, slot in state.items()}
        whole = gradient if spent else np.empty(len(weight))
        after = held if spent else {name: np.empty(len(weight)) for name in held}
        for start in range(0, weight.size, PIECE):
            part = slice(start, start + PIECE)
            kept = {name: slot[part] for name, slot in held.items()}
            whole[part], new = self.step(weight[part], gradient[part], kept, rate, update)
            for name, slot in new.items():
                after[name][part] = slot
        return whole.reshape(shape), {name: slot.reshape(shape) for name, slot in after.items()}

    @property
    def kept(self) -> float:
        """The share of ``squares`` that is left after one update without a gradient; 1 where nothing is forgotten."""
        return 1.0

    def most(self, largest: float) -> float | None:  # noqa: ARG002
        """How far one weight can move in one update, in units of the rate; None where nothing bounds it.

        It holds for every gradient and for every state that gradients can have led to, at one and the same rate,
        without weight decay.

        Args:
            largest: the largest value a gradient can have after clipping; infinite without clipping.
        """
        return None


def is_old(options: Config) -> bool:
    """Whether an optimizer is a class from before Keras 2.11: only they had a decay of the rate as an option."""
    return "decay" in options or "schedule_decay" in options or bool(options.get("is_legacy_optimizer"))


def single(option: float) -> float:
    """An option as Keras on TensorFlow casts it: through float32, which moves Adam's first steps by 1e-5 of them."""
    return float(np.float32(option))


def average(slot: Array, new: Array, kept: float) -> Array:
    """A running average after one more value."""
    return kept * slot + (1 - kept) * new


def share(top: Array, square: Array, epsilon: float, *, inside: bool) -> Array:
    """A gradient over the root of its running square, with epsilon inside or outside the root."""
    bottom = np.sqrt(square + epsilon) if inside else np.sqrt(square) + epsilon
    result: Array = top / bottom
    return result


def build(optimizer: Optimizer) -> Rule | None:
    """The optimizer of a file with its options; None for one whose updates are not known."""
    kind = next((rule for rule in known() if optimizer.name in rule.names), None)
    return None if kind is None else kind.of(optimizer.options)


@cache
def known() -> tuple[type[Rule], ...]:
    """All optimizers that are known."""
    from mlpdoctor.nn import optimizers

    return subclasses(optimizers, Rule)  # type: ignore[type-abstract]
