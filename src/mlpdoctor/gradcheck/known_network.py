"""The rows and layers that the user names, and the network behind the loss that they tell of."""

from collections.abc import Sequence

import numpy as np

from mlpdoctor.core.errors import InputError
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.gradcheck.chain import Chain, Masks
from mlpdoctor.gradcheck.code import Code, Point
from mlpdoctor.gradcheck.recognition import named_layers, recognised


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows that the loss is computed on.

    Attributes:
        x: features.
        y: targets.
        masks: of dropout, of each layer.
    """

    x: Array
    y: Array
    masks: Masks

    @classmethod
    def of(cls, x: object, y: object, masks: object) -> "Rows | None":
        """What the user gave, as arrays; None where the rows are not known."""
        if x is None or y is None:
            return None
        if not isinstance(masks, list | tuple | None):
            raise InputError(f"masks is {type(masks).__name__}; expected a list with an array or None for each layer")
        named = enumerate(masks or ())
        dropped = [None if mask is None else _data(mask, f"masks[{place}]") for place, mask in named]
        return cls(_data(x, "x"), _data(y, "y"), dropped)


def chain_of(
    code: Code, points: Sequence[Point], losses: Sequence[float], layers: object, rows: Rows | None
) -> tuple[Chain | None, str | None]:
    """The network behind the arrays, or why it is not known; another one than the user names, where that is it."""
    activations = None if layers is None else named_layers(layers)
    if rows is None:
        return None, "x and y are not given"
    for tried in [activations] if activations is None else [activations, None]:
        found = recognised(code.names, points, losses, rows.x, rows.y, tried, code.arithmetic, rows.masks)
        if found is not None:
            return found, None
    of = f"layers {layers}" if layers is not None else "dense layers with usual activations"
    return None, f"no network of {of} with a usual loss on x and y gives the numbers that loss() gives"


def misnamed_of(chain: Chain | None, layers: object, why_not: str | None) -> str | None:
    """What is wrong with the layers that the user names, where the loss is that of others."""
    if chain is None:
        return f"The layers may be named wrongly: {why_not}."
    told, own = (", ".join(one.name for one in names) for names in (named_layers(layers), chain.activations))
    return None if told == own else f"layers says {told}, and the loss is that of {own}: those were taken."


def _data(values: object, name: str) -> Array:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{name} does not hold numbers") from None
    if not array.ndim or not array.size or not np.isfinite(array).all():
        raise InputError(f"{name} must be an array of finite numbers; it has shape {array.shape}")
    return array
