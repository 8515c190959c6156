"""Which regularisers a layer has: pure functions of its configuration.

Their defaults and which weights count are Keras's: keras/src/regularizers/regularizers.py and
``Layer._get_regularization_losses`` in keras/src/layers/layer.py.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from mlpdoctor.layers.configured import number
from mlpdoctor.layers.registry import family_of
from mlpdoctor.layers.regularizer import Regularizer
from mlpdoctor.lean import dataclass
from mlpdoctor.network import KERAS_3, Config, Layer

__all__ = ["Regularizer", "Unknown", "activity_regularizer", "regularizer", "weight_regularizers"]

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
