"""Options of layers, losses, optimizers and schedules in a file: of the right type, or the file is damaged.

Keras calls an option by one name wherever it occurs, so that one table serves all. The readers look once, at the
border; whoever reads an option later may take for granted that it is what Keras writes.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mlpdoctor.core.network import Config, Layer
from mlpdoctor.nn.layers.family import array
from mlpdoctor.nn.layers.penalties import OWN_MODULES
from mlpdoctor.nn.layers.properties import families

LONGEST = 40
"""Characters of a wrong value that a message shows."""
READ_OF_ALL = ("units", "filters")
PARTS = ("_initializer", "_regularizer", "_constraint")
"""What checks read of layers of any kind."""


def layer_fault(layer: Layer) -> str | None:
    """What is wrong with the options of a layer and of all objects inside it, for people; None where nothing is.

    Of a layer that mlpdoctor does not compute only what it reads is looked at, and of a class of the user's nothing.
    """
    if layer.registered is not None:
        return None
    if layer.kind in families():
        return next(_faults(layer.config, layer.kind), None)
    return fault({key: value for key, value in layer.config.items() if key in READ_OF_ALL or key.endswith(PARTS)})


def fault(config: Config) -> str | None:
    """The same of the options of one of Keras's own losses, optimizers or other objects.

    Args:
        config: options by name, as the file spells them.
    """
    return next(_faults(config), None)


def _faults(config: Config, kind: str = "") -> Iterator[str]:
    for key, value in config.items():
        known = MANY if (kind, key) in OF_EACH_COLUMN else EXPECTED.get(key)
        if value is None:
            continue
        if known is not None and not (is_object(value) and key in MAY_BE_OBJECTS):
            expected, fits = known
            if not _fits(fits, value):
                shown = repr(value)
                cut = shown if len(shown) <= LONGEST else shown[:LONGEST] + "..."
                yield f"{key} = {cut}, where Keras has {expected}"
            continue
        for inner in value if isinstance(value, list | tuple) else [value]:
            if isinstance(inner, Mapping) and not _strange(inner):
                options, named = inner.get("config"), inner.get("class_name")
                yield from _faults(options, str(named)) if isinstance(options, Mapping) and named else _faults(inner)


def _fits(fits: Callable[[Any], bool], value: object) -> bool:
    try:
        return fits(value)
    except (LookupError, TypeError, ValueError, OverflowError):
        return False


def is_object(value: object) -> bool:
    """Whether a value stands for an object with options of its own, such as a schedule for a rate."""
    return isinstance(value, Mapping) and "class_name" in value and "__" not in str(value["class_name"])


def _strange(value: Mapping[str, Any]) -> bool:
    registered, module = str(value.get("registered_name") or ""), value.get("module")
    own = module is None or str(module).partition(".")[0] in OWN_MODULES
    return not own or ">" in registered or ">" in str(value.get("class_name", ""))


def _number(value: Any) -> bool:  # noqa: ANN401  JSON
    return not isinstance(value, str) and array(value).size == 1


def _numbers(value: Any) -> bool:  # noqa: ANN401  JSON
    return not isinstance(value, str) and array(value).dtype.kind == "f"


def _share(value: Any) -> bool:  # noqa: ANN401  JSON
    return _number(value) and 0 <= float(array(value).item()) <= 1


def _not_negative(value: Any) -> bool:  # noqa: ANN401  JSON
    return _number(value) and float(array(value).item()) >= 0


def _below_one(value: Any) -> bool:  # noqa: ANN401  JSON
    return _number(value) and 0 <= float(array(value).item()) < 1


def _count(value: Any) -> bool:  # noqa: ANN401  JSON
    return _whole(value) and value >= 1


def _whole(value: Any) -> bool:  # noqa: ANN401  JSON
    return isinstance(value, int | float) and math.isfinite(value) and value == int(value) and abs(value) < MOST


def _wholes(value: Any) -> bool:  # noqa: ANN401  JSON
    listed = value.get("items") if isinstance(value, Mapping) else value  # Keras 2 writes tuples as objects
    return isinstance(listed, list | tuple) and all(map(_whole, listed))


def _lengths(value: Any) -> bool:  # noqa: ANN401  JSON
    listed = value.get("items") if isinstance(value, Mapping) else value
    return isinstance(listed, list | tuple) and all(side is None or (_whole(side) and side >= 0) for side in listed)


def _axes(value: Any) -> bool:  # noqa: ANN401  JSON
    return _whole(value) or _wholes(value)


MANY = ("numbers", _numbers)
OF_EACH_COLUMN = (("Normalization", "mean"), ("Rescaling", "scale"))
"""Options that are one number in other objects."""
MOST = 1 << 62
"""No length is larger."""
MAY_BE_OBJECTS = ("learning_rate", "lr", "alpha", "value")
"""Options that are numbers, or objects with options of their own."""

Check = tuple[str, Callable[[Any], bool]]
KINDS: Mapping[Check, tuple[str, ...]] = {
    ("a number", _number): (
        # layers, activations, initializers, penalties, constraints
        "momentum", "negative_slope", "threshold", "theta", "max_value", "min_value", "l1", "l2",
        "gain", "minval", "maxval", "mean", "scale",
        # optimizers and schedules
        "learning_rate", "lr", "decay", "schedule_decay", "weight_decay", "initial_accumulator_value",
        "initial_learning_rate",
        "decay_steps", "decay_rate", "end_learning_rate", "power", "warmup_steps", "warmup_target", "beta",
        "l1_regularization_strength", "l2_regularization_strength", "l2_shrinkage_regularization_strength",
        "learning_rate_power",
        # losses
        "delta", "gamma",
    ),
    ("a number from 0 to 1", _share): ("rate", "dropout", "recurrent_dropout", "label_smoothing"),
    ("a number from 0", _not_negative): ("epsilon", "stddev", "clipnorm", "clipvalue", "global_clipnorm"),
    ("a number from 0 and below 1", _below_one): ("beta_1", "beta_2", "rho"),
    ("a whole number from 1", _count): ("units", "filters", "n", "input_dim", "output_dim"),
    ("one axis or a list of them", _axes): ("axis", "axes"),
    ("a list of whole numbers", _wholes): ("target_shape", "dims", "shared_axes"),
    ("a list of lengths", _lengths): ("batch_shape", "batch_input_shape", "noise_shape"),
    MANY: ("offset", "variance", "value", "alpha", "factor", "boundaries", "values"),
}  # fmt: skip
EXPECTED: Mapping[str, Check] = {name: kind for kind, names in KINDS.items() for name in names}
"""What an option has to be, by its name."""
