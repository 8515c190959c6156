"""A saved model as plain data, and the edits there are: each changes one thing in it.

Layers are named by their path: ``dense``, or ``body/dense`` inside a nested model. A layer that is called several
times is one layer: what is done to it, or put behind it, is done at all of its calls.
"""

from collections.abc import Mapping
from dataclasses import field
from typing import Any, TypeAlias

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Config, Stored

Json: TypeAlias = Any
"""Numbers, words, lists and dictionaries, as JSON holds them."""
Weights: TypeAlias = Mapping[str, Mapping[str, Stored]]
"""Arrays by path of the layer and Keras name of the weight: ``weights["body/dense"]["kernel"]``."""


@dataclass(frozen=True, eq=False)
class ModelSpec:
    """All that ``keras.Model.from_config``, ``set_weights`` and ``compile_from_config`` need.

    Attributes:
        kind: class of the model, ``Sequential`` or ``Functional``.
        config: ``model.get_config()`` of Keras 3. Models inside it are layers with a ``layers`` list of their own.
        weights: arrays of every layer that has any (``layer.weights``, so no states of random generators), by the
            layer's path, ``body/dense`` inside a nested model, and the name of the weight (``variable.name``).
        compiled: ``model.get_compile_config()``, or the part of it that is known; empty for one never compiled.
    """

    kind: str
    config: Config
    weights: Weights = field(default_factory=dict)
    compiled: Config = field(default_factory=dict)


class EditError(ValueError):
    """An edit that does not fit the model; the message says why in a sentence."""


@dataclass(frozen=True, eq=False)
class NewLayer:
    """A layer to put into a model.

    Attributes:
        kind: the Keras class, ``Normalization``.
        options: arguments that differ from the class's defaults.
        name: the layer's own name; None for one that is free, made from the kind.
        weights: arrays by Keras name; empty for a layer that has none, or whose fresh ones will do.
    """

    kind: str
    options: Mapping[str, Json] = field(default_factory=dict)
    name: str | None = None
    weights: Mapping[str, Stored] = field(default_factory=dict)


@dataclass(frozen=True)
class SetOption:
    """Gives an option in a layer's configuration another value: activation, rate, trainable, kernel_regularizer.

    Not for ``units``, which changes the shapes of weights: ``Widen`` does that.
    """

    layer: str
    key: str
    value: Json


@dataclass(frozen=True, eq=False)
class InsertAfter:
    """Puts a layer behind another: all that took that layer's output takes the new one's, the model's outputs too."""

    layer: str
    new: NewLayer


@dataclass(frozen=True, eq=False)
class InsertBefore:
    """Puts a layer in front of another, on all that enters it; others that take the same values still get them raw."""

    layer: str
    new: NewLayer


@dataclass(frozen=True)
class Remove:
    """Takes out a layer of one input: what took its output takes its input."""

    layer: str


@dataclass(frozen=True)
class Redraw:
    """Fresh weights for a layer, or for some of its units.

    Attributes:
        layer: whose weights.
        units: which units (last axis of each weight); None for all.
        initializer: of the kernel, a name, ``he_uniform``, or a serialized one; None for the layer's own.
            When all units are drawn it also becomes the layer's own, so that the code of the cured model says so.
        bias: of the bias, likewise.
        seed: tells draws of one treatment apart; the seed of the trial is mixed in.
    """

    layer: str
    units: tuple[int, ...] | None = None
    initializer: Json = None
    bias: Json = None
    seed: int = 0


@dataclass(frozen=True, eq=False)
class SetWeights:
    """Sets one weight of a layer: ``SetWeights("dense_1", "bias", array)``."""

    layer: str
    name: str
    values: Stored


@dataclass(frozen=True)
class Widen:
    """More units for a Dense layer, without a change of what the model predicts.

    Old units keep their weights, new ones are drawn by the layer's own initializer, and the layers that take them
    give them weight zero. The first update moves those zeros, the next one the new units.
    """

    layer: str
    units: int
    seed: int = 0


@dataclass(frozen=True)
class Resize:
    """Another number of units for a Dense layer at an output; all its weights are re-initialised."""

    layer: str
    units: int
    seed: int = 0


@dataclass(frozen=True)
class Compile:
    """Another value in the call of ``compile``.

    Attributes:
        key: ``optimizer`` (value: a serialized one, ``{"class_name": "Adam", "config": {...}}``), an option of the
            optimizer (``learning_rate``, ``clipnorm``, ``clipvalue``, ``global_clipnorm``, ``weight_decay``,
            ``momentum``), or ``loss`` (a name, or a serialized one) or ``metrics``.
        value: JSON.
        output: for a loss, which output's; None for the only one.
    """

    key: str
    value: Json
    output: int | None = None


@dataclass(frozen=True)
class Decay:
    """Lets the learning rate that is there by then fall to nothing, along half a cosine.

    Attributes:
        updates: within so many; a trial puts in those of its runs.
    """

    updates: int = 1000


@dataclass(frozen=True)
class Recode:
    """Another spelling of the labels, for an output's target columns; no edit of the model.

    Attributes:
        columns: first target column of the output and the one after its last, in the table as it is now.
        how: ``minus`` (subtracts ``number``), ``times`` (multiplies by ``number``), ``one-hot`` (class numbers from
            0 to ``number`` - 1 become ``number`` columns), ``class-number`` (one-hot columns become their number),
            ``positive`` (1 above zero, else 0: for -1 and 1), ``sign`` (0 and 1 become -1 and 1) or ``ranks`` (each
            distinct value becomes its number, from 0, in ascending order).
        number: see ``how``.
        output: which output of the model these columns belong to.
    """

    columns: tuple[int, int]
    how: str
    number: float = 0.0
    output: int = 0


Edit: TypeAlias = (
    SetOption | InsertAfter | InsertBefore | Remove | Redraw | SetWeights | Widen | Resize | Compile | Decay | Recode
)
