"""One output of a network as its contract sees it, and the code that would change it."""

from mlpdoctor.contract.answers import Answers
from mlpdoctor.contract.reading import Reading
from mlpdoctor.layers.activation import Activation
from mlpdoctor.lean import dataclass
from mlpdoctor.network import Layer


@dataclass(frozen=True, eq=False)
class Output:
    """An output with its loss.

    Attributes:
        name: of the output.
        layer: the layer that makes it; layers behind it that only hand its answers on are looked through.
        units: how many numbers it answers for a row.
        activation: the last function.
        answers: what that function can answer.
        loss: one name for all spellings, ``meansquarederror``.
        label: the loss in words.
        reading: what the loss takes the answers for.
        repaired: whether Keras on TensorFlow finds the logits behind a final sigmoid or softmax and reads those.
    """

    name: str
    layer: Layer
    units: int
    activation: Activation
    answers: Answers
    loss: str
    label: str
    reading: Reading
    repaired: bool

    def with_activation(self, name: str | None, units: int | None = None) -> str:
        """The line of code for the output with another activation, or none, and perhaps another number of units."""
        layer = self.layer.name.rpartition("/")[2]
        if self.layer.kind != "Dense" and units is None:
            return f'Activation("{name or "linear"}", name="{layer}")'
        activation = "" if name is None else f', activation="{name}"'
        called = f', name="{layer}"' if self.layer.kind == "Dense" else ""
        return f"Dense({units or self.units}{activation}{called})"

    def with_logits(self, *, from_logits: bool) -> str:
        """The loss with or without ``from_logits``."""
        return f"loss=keras.losses.{CLASS_NAMES[self.loss]}(from_logits={from_logits})"


CLASS_NAMES = {
    "binarycrossentropy": "BinaryCrossentropy",
    "binaryfocalcrossentropy": "BinaryFocalCrossentropy",
    "categoricalcrossentropy": "CategoricalCrossentropy",
    "sparsecategoricalcrossentropy": "SparseCategoricalCrossentropy",
    "categoricalfocalcrossentropy": "CategoricalFocalCrossentropy",
}
"""Losses with the option ``from_logits``, as Keras spells them."""
