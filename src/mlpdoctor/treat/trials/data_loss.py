"""The loss of a Keras model on rows, in inference mode and without what regularisers add."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.engine.keras_start import keras
from mlpdoctor.treat.trials.model import Model
from mlpdoctor.treat.trials.rows import Single


@dataclass(frozen=True, eq=False)
class Table:
    """What a model trains and is judged on, as Keras takes it.

    Attributes:
        inputs: one array an input of the model.
        targets: one array an output.
        weights: how much each row counts; None where all count alike.
    """

    inputs: Sequence[Single]
    targets: Sequence[Single]
    weights: Single | None = None

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.inputs[0])

    def part(self, chosen: Any) -> "Table":  # noqa: ANN401  a slice or numbers of rows
        """Some of the rows."""
        weights = None if self.weights is None else self.weights[chosen]
        return Table([one[chosen] for one in self.inputs], [one[chosen] for one in self.targets], weights)


def loss_of(model: Model, inputs: Any, targets: Any, weights: Any) -> Any:  # noqa: ANN401  tensors
    """The data loss of some rows: that of ``compute_loss`` without what regularisers add."""
    answer = model(packed(inputs), training=False)
    given = None if weights is None else packed([weights] * len(targets))
    with _mean_over_rows(model):
        total = model.compute_loss(packed(inputs), packed(targets), answer, given)
    extra = model.losses
    return total - sum(extra) if extra else total


@contextlib.contextmanager
def _mean_over_rows(model: Model) -> Iterator[None]:
    """A loss that is trained as the sum over a batch is judged by its mean, as everywhere in mlpdoctor."""
    summed = [loss for loss in keras().tree.flatten(model.loss) if getattr(loss, "reduction", None) == "sum"]
    for loss in summed:
        loss.reduction = "sum_over_batch_size"
    try:
        yield
    finally:
        for loss in summed:
            loss.reduction = "sum"


def data_loss(model: Model, part: Table) -> float:
    """The same of a table, as a number."""
    return float(np.asarray(loss_of(model, part.inputs, part.targets, part.weights)))


def packed(parts: Sequence[Any]) -> Any:  # noqa: ANN401  as Keras takes one or several
    """One array by itself, several in a list."""
    return parts[0] if len(parts) == 1 else list(parts)
