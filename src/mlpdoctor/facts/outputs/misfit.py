"""One output as its contract sees it, what is wrong with it, and the code that changes it."""

from enum import StrEnum

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Remedy
from mlpdoctor.core.network import Layer
from mlpdoctor.facts.outputs.expectation import Expectation, OutputRange
from mlpdoctor.nn.layers.activation import Activation


class Harm(StrEnum):
    """How bad a combination is."""

    BROKEN = "broken"
    """Training cannot reach what the data allow, or the answers are useless."""
    COSTLY = "costly"
    """It trains, but worse, or its answers are not what they seem."""
    UNUSUAL = "unusual"
    """Legitimate, and seldom what was meant."""


@dataclass(frozen=True)
class Misfit:
    """One cell of the table that is not right.

    Attributes:
        code: the rule that speaks of it.
        harm: how bad it is.
        what: what does not fit, the end of a sentence.
        why: what it does to training.
        remedy: what to write instead.
        mended: whether the report reads the labels as what they are; then only a model that has not learned from them
            was given them as they are in the file.
        void: whether the loss says nothing here, so that doing well by it means nothing either.
    """

    code: str
    harm: Harm
    what: str
    why: str
    remedy: Remedy
    mended: bool = False
    void: bool = False


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
        expectation: what the loss takes the answers for.
        repaired: whether Keras on TensorFlow finds the logits behind a final sigmoid or softmax and reads those.
    """

    name: str
    layer: Layer
    units: int
    activation: Activation
    answers: OutputRange
    loss: str
    label: str
    expectation: Expectation
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
