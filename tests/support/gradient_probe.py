"""The gradients that checks see of a network made by hand, and how alike two gradients are."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from hand_built import Table

from mlpdoctor.core.check import Stage, check
from mlpdoctor.core.finding import Evidence, Severity
from mlpdoctor.core.network import Array, Key, Network
from mlpdoctor.diagnosis.diagnose import examine
from mlpdoctor.facts.training.gradients import Gradients


@check("X001", Severity.NOTE, "", stage=Stage.DATA)
def probe(seen: Gradients) -> Iterator[Evidence]:  # noqa: ARG001
    """Asks for gradients.

    Why it matters
        It makes the pass collect what they need.
    """
    yield from ()


def fact(network: Network, x: Array, y: Array, weights: Array | None = None) -> Gradients:
    """The gradients that checks see."""
    found = examine(network, Table(x, y, weights=weights), [probe]).get(Gradients)
    assert isinstance(found, Gradients), found
    return found


def side_by_side(parts: Sequence[Array]) -> Array:
    """All inputs, or all targets, as the columns of a table."""
    return np.concatenate([np.asarray(part, np.float64).reshape(len(part), -1) for part in parts], axis=1)


def agree(ours: Mapping[Key, Array], theirs: Mapping[Key, Array], tolerance: float) -> None:
    """Equal up to a share of the largest entry."""
    assert set(ours) == set(theirs)
    largest = max((float(np.abs(values).max()) for values in theirs.values() if values.size), default=0.0)
    for key, values in theirs.items():
        np.testing.assert_allclose(ours[key], values, rtol=0, atol=tolerance * max(largest, 1e-6), err_msg=str(key))
