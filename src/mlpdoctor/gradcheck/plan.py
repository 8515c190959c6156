"""A backward pass with mistakes, as data: what is done at each place where it can go wrong."""

import math
from collections.abc import Iterator, Sequence

from mlpdoctor.core.fast_dataclass import dataclass

RIGHT = "right"


@dataclass(frozen=True)
class LayerPlan:
    """What a backward pass does at one layer.

    Attributes:
        passing: how the error came here through the kernel of the next layer: ``right``, ``updated``, ``untransposed``.
        dropout: how the dropout mask was used on it: ``right``, ``missing``, ``unscaled`` (zeros and ones).
        slope: which slope of the activation it was multiplied with.
        factor: what it was multiplied with besides; it goes on to the layers before.
        kernel: the kernel's gradient: ``right`` or ``transposed``.
        kernel_factor: what that alone is multiplied with.
        bias: the bias's gradient: ``right``, ``missing``, ``total`` (one sum for all units), ``one-row``.
        bias_factor: what that alone is multiplied with.
    """

    passing: str = RIGHT
    dropout: str = RIGHT
    slope: str = RIGHT
    factor: float = 1.0
    kernel: str = RIGHT
    kernel_factor: float = 1.0
    bias: str = RIGHT
    bias_factor: float = 1.0


@dataclass(frozen=True)
class Plan:
    """What a whole backward pass does.

    Attributes:
        layers: from the input on.
        error: what stands for the derivative of the loss: ``right``, ``itself`` (the loss), ``ones``, ``difference``.
        average: what is averaged over the rows: ``none``, ``rows`` or ``all`` before the slope of the output, or
            ``after`` it.
        l2: the penalty's gradient: ``right``, ``missing``, ``half``, ``double``, ``biases`` (on these too).
    """

    layers: tuple[LayerPlan, ...]
    error: str = RIGHT
    average: str = "none"
    l2: str = RIGHT

    def deviations(self) -> Iterator[tuple[str, object, int | None]]:
        """All that is not right: the place in the pass, what is done there, and the layer; from the output back.

        What the whole gradient is multiplied with comes last: it does the least harm.
        """
        last = len(self.layers) - 1
        harmless = [made for made in self._deviations() if made[0] == "factor" and made[2] == last and made[1] != -1]
        yield from (made for made in self._deviations() if made not in harmless)
        yield from harmless

    def _deviations(self) -> Iterator[tuple[str, object, int | None]]:
        if self.error != RIGHT:
            yield "error", self.error, None
        if self.average != "none":
            yield "average", self.average, None
        last = len(self.layers) - 1
        for layer in range(last, -1, -1):
            for slot, default in LayerPlan().__dict__.items():
                value = getattr(self.layers[layer], slot)
                if value == "elementwise" and self.error == "difference":
                    continue  # one mistake: the slope of a softmax is multiplied again
                if value != default:
                    yield from ((slot, one, layer) for one in _apart(value))
        if self.l2 != RIGHT:
            yield "l2", self.l2, None

    def grouped(self) -> dict[tuple[str, object], list[int]]:
        """The mistakes, each once, with the layers at which it is made."""
        found: dict[tuple[str, object], list[int]] = {}
        for slot, value, layer in self.deviations():
            found.setdefault((slot, value), []).extend([] if layer is None else [layer])
        return found

    @property
    def cost(self) -> int:
        """How many different mistakes it has."""
        return len(self.grouped())

    @property
    def order(self) -> tuple[int, int, int, float]:
        """Sorts plans: fewest mistakes, fewest places, factors for all before those of one array, then small ones."""
        made = list(self.deviations())
        alone = sum(slot in ("kernel_factor", "bias_factor") for slot, _, _ in made)
        size = sum(abs(math.log(abs(value))) for _, value, _ in made if isinstance(value, float))
        return self.cost, len(made), alone, size


def _apart(value: object) -> list[object]:
    """A factor below zero is two mistakes: the sign, and the rest of it unless that is 1."""
    if isinstance(value, float) and value < 0:
        return [-1.0] if value == -1 else [-1.0, -value]
    return [value]


def all_right(layers: Sequence[object]) -> Plan:
    """The backward pass without a mistake."""
    return Plan((LayerPlan(),) * len(layers))
