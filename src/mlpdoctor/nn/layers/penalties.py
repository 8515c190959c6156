"""Which regularisers a layer has, what each adds to the loss, and its gradient (``keras/src/regularizers``).

Their defaults and which weights count are Keras's: keras/src/regularizers/regularizers.py and
``Layer._get_regularization_losses`` in keras/src/layers/layer.py.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import KERAS_3, Array, Config, Layer
from mlpdoctor.nn.layers.family import axes, number
from mlpdoctor.nn.layers.properties import family_of
from mlpdoctor.nn.layers.row_normalization import from_unit_length, to_unit_length

__all__ = ["Regularizer", "Unknown", "activity_regularizer", "regularizer", "weight_regularizers"]


FLOOR = 1e-14
"""A vector whose square is less is not scaled to length one: ``keras.utils.normalize``."""
MATRIX = 2
"""Number of axes that OrthogonalRegularizer takes."""


@dataclass(frozen=True)
class Regularizer:
    """One of Keras's regularisers with its factors.

    Attributes:
        name: for people: ``l1``, ``l2``, ``l1_l2`` or ``orthogonal``.
        l1: factor of the sum of absolute values.
        l2: factor of the sum of squares.
        orthogonal: factor of the mean absolute cosine between the vectors of a matrix.
        mode: which vectors these are, ``rows`` or ``columns``.
    """

    name: str
    l1: float = 0.0
    l2: float = 0.0
    orthogonal: float = 0.0
    mode: str = "rows"

    @property
    def separable(self) -> bool:
        """Whether it is a sum over single numbers."""
        return not self.orthogonal

    def of_sums(self, absolute: float, squared: float) -> float:
        """The penalty of numbers of which only the sums of sizes and of squares are known."""
        return (self.l1 * absolute if self.l1 else 0.0) + (self.l2 * squared if self.l2 else 0.0)

    def of(self, weight: Array) -> float | None:
        """The penalty of a weight; None where Keras would refuse its shape."""
        values = np.asarray(weight, dtype=np.float64)
        # Weights of a diverged training are a finding of their own, not a warning of NumPy's.
        with np.errstate(all="ignore"):
            if self.separable:
                return self.of_sums(float(np.abs(values).sum()), float(np.square(values).sum()))
            return self.orthogonal * _mean_cosine(values, self.mode) if values.ndim == MATRIX else None

    def gradient(self, weight: Array) -> Array | None:
        """The derivative of the penalty, as TensorFlow has it (0 for a size at zero); None as above."""
        values = np.asarray(weight, dtype=np.float64)
        with np.errstate(all="ignore"):
            if self.separable:
                return self.l1 * np.sign(values) + 2.0 * self.l2 * values
            return self.orthogonal * _cosine_gradient(values, self.mode) if values.ndim == MATRIX else None


def _mean_cosine(matrix: Array, mode: str) -> float:
    """Mean absolute cosine between two different rows, or columns; NaN of a single one, as in Keras."""
    vectors = matrix if mode == "rows" else matrix.T
    if len(vectors) == 1:
        return math.nan
    cosines = np.abs(_cosines(vectors))
    return float(cosines.sum()) / (len(vectors) * (len(vectors) - 1))


def _cosine_gradient(matrix: Array, mode: str) -> Array:
    vectors = matrix if mode == "rows" else matrix.T
    if len(vectors) == 1:
        return np.full(matrix.shape, math.nan)
    towards = np.sign(_cosines(vectors)) @ to_unit_length(vectors, 1, FLOOR)
    # Each pair stands in the table of cosines twice.
    pulled = from_unit_length(vectors, 1, FLOOR, towards * (2.0 / (len(vectors) * (len(vectors) - 1))))
    return pulled if mode == "rows" else pulled.T


def _cosines(vectors: Array) -> Array:
    units = to_unit_length(vectors, 1, FLOOR)
    cosines = np.asarray(units @ units.T)
    np.fill_diagonal(cosines, 0.0)
    return cosines


SUFFIX = "_regularizer"
ACTIVITY = f"activity{SUFFIX}"
"""The one regulariser that is of what a layer puts out, not of a weight."""
OWN_MODULES = {"keras", "tf_keras", "tensorflow", "keras_core"}
"""Top-level packages whose regularisers are Keras's own."""
DEFAULT = 0.01
"""The factor of L1, L2 and OrthogonalRegularizer where none is given; L1L2 made by hand has none."""


@dataclass(frozen=True)
class Unknown:
    """A regulariser that mlpdoctor can only name: a class or a function of the user's."""

    name: str


def weight_regularizers(layer: Layer) -> Iterator[tuple[str, Regularizer | Unknown]]:
    """The regularisers of a layer's weights, by weight, as far as they count in the loss.

    Keras 3 counts those of trainable weights alone. Keras 2 counts frozen layers too: its
    ``Layer._handle_weight_regularization`` adds the loss when the weight is made and ``losses`` never looks at
    ``trainable``. The file's version decides, for the log that the user looks at is of that version.
    """
    if not layer.trainable and layer.keras >= KERAS_3:
        return
    if family_of(layer) is None:
        # Its weights are stored by number, and a wrapper keeps another layer's configuration inside its own.
        for key, spec in _nested(layer.config):
            if key != ACTIVITY and (found := regularizer(spec)) is not None:
                yield key.removesuffix(SUFFIX), Unknown(found.name)
        return
    for name in layer.weights:
        found = regularizer(layer.config.get(name + SUFFIX))
        if found is not None:
            yield name, found


def activity_regularizer(layer: Layer) -> Regularizer | Unknown | None:
    """The regulariser of what the layer puts out, which counts whether the layer is trained or not."""
    if layer.kind == "ActivityRegularization" and layer.registered is None:
        return regularizer({"class_name": "L1L2", "config": layer.config})
    return regularizer(layer.config.get(ACTIVITY))


def regularizer(spec: Any) -> Regularizer | Unknown | None:  # noqa: ANN401  JSON
    """A regulariser from its configuration, None where there is none or all its factors are zero.

    Args:
        spec: a name, or an object with ``class_name`` and ``config``, as Keras 2 or 3 writes it.
    """
    if isinstance(spec, str):
        # Keras 2 writes a function of the user's by its bare name, and takes "l1_l2" with factors of its own.
        spec = {"class_name": spec, "config": {"l1": DEFAULT, "l2": DEFAULT} if spec == "l1_l2" else {}}
    if not isinstance(spec, Mapping):
        return None
    kind, config = str(spec.get("class_name")), spec.get("config")
    if not _is_own(spec, kind):
        # Keras 3 writes a function as {"class_name": "function", "config": its name}.
        return Unknown(config if isinstance(config, str) else kind.rpartition(">")[2])
    found = _known(kind.lower().replace("_", ""), config if isinstance(config, Mapping) else {})
    if found is None:
        return Unknown(kind)
    return found if found.l1 or found.l2 or found.orthogonal else None


def _is_own(spec: Config, kind: str) -> bool:
    module, registered = spec.get("module"), spec.get("registered_name")
    foreign = module is not None and str(module).partition(".")[0] not in OWN_MODULES
    return not foreign and ">" not in kind and ">" not in str(registered or "")


def _known(kind: str, config: Config) -> Regularizer | None:
    """Args: kind: the class name in small letters without underscores, in which Keras's two spellings agree."""
    if kind == "l1":
        return Regularizer("l1", l1=number(config.get("l1"), DEFAULT))
    if kind == "l2":
        return Regularizer("l2", l2=number(config.get("l2"), DEFAULT))
    if kind == "l1l2":
        l1, l2 = number(config.get("l1"), 0.0), number(config.get("l2"), 0.0)
        return Regularizer("l1_l2" if l1 and l2 else "l1" if l1 else "l2", l1, l2)
    if kind == "orthogonalregularizer":
        factor = number(config.get("factor"), DEFAULT)
        return Regularizer("orthogonal", orthogonal=factor, mode=str(config.get("mode") or "rows"))
    return None


def _nested(config: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401  JSON
    """Every regulariser in a configuration, at any depth, by its key."""
    if isinstance(config, Mapping):
        for key, value in config.items():
            if str(key).endswith(SUFFIX):
                yield str(key), value
            else:
                yield from _nested(value)
    elif isinstance(config, list | tuple):
        for value in config:
            yield from _nested(value)


Constraint: TypeAlias = Callable[[Array], Array]

TINY = 1e-7
"""Keras's epsilon, which keeps a zero vector from being divided by its length."""


def constraint(layer: Layer, weight: str) -> Constraint | None:
    """The constraint on one weight of a layer; None without one, and for a class or function of the user's."""
    spec: Any = layer.config.get(f"{weight}_constraint")
    if isinstance(spec, str):
        spec = {"class_name": spec, "config": {}}
    if not isinstance(spec, Mapping):
        return None
    kind, config = str(spec.get("class_name")).lower().replace("_", ""), spec.get("config")
    if not isinstance(config, Mapping):
        config = {}
    if kind in ("nonneg", "nonnegative"):
        return partial(np.maximum, 0.0)
    limits = _limits(kind, config)
    return None if limits is None else partial(_within, config.get("axis", 0), *limits)


def _limits(kind: str, config: Config) -> tuple[float, float, float] | None:
    """The least and the largest length of the vectors, and how far towards them one update brings each."""
    if kind == "maxnorm":
        return 0.0, number(config.get("max_value"), 2.0), 1.0
    if kind == "unitnorm":
        return 1.0, 1.0, 1.0
    if kind == "minmaxnorm":
        low, high = number(config.get("min_value"), 0.0), number(config.get("max_value"), 1.0)
        return low, high, number(config.get("rate"), 1.0)
    return None


def _within(axis: object, low: float, high: float, rate: float, values: Array) -> Array:
    norms = np.sqrt(np.square(values).sum(axis=axes(axis, values.ndim), keepdims=True))
    wanted = rate * np.clip(norms, low, high) + (1 - rate) * norms
    bounded: Array = values * (wanted / (TINY + norms))
    return bounded
