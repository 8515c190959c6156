"""Carries edits out on a saved model, as data."""

from collections.abc import Sequence

from mlpdoctor.network import Array
from mlpdoctor.treatments.edits import Edit
from mlpdoctor.treatments.spec import ModelSpec


def edited(spec: ModelSpec, edits: Sequence[Edit], seed: int = 0) -> ModelSpec:
    """The model with these edits made, one after the other; what none of them names stays bit for bit.

    Args:
        spec: the model.
        edits: in order; later ones see what earlier ones did. ``Recode`` changes nothing here.
        seed: mixed into every draw.

    Raises:
        EditError: when an edit does not fit.
    """
    raise NotImplementedError


def recoded(targets: Array, edits: Sequence[Edit]) -> Array:
    """The targets, shape (rows, targets), spelt as the edits say; the same array when none of them does.

    Raises:
        EditError: when the values are not of the kind an edit expects.
    """
    raise NotImplementedError
