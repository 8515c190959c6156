"""How much of the loss is probably noise that no function of the inputs can predict; an estimate, never a proof."""

import math

import numpy as np

from mlpdoctor.fact import Absent, fact
from mlpdoctor.facts.model_loss import ModelLoss
from mlpdoctor.facts.objective import Objective
from mlpdoctor.facts.perfection import Perfection
from mlpdoctor.facts.second_opinion import SecondOpinion
from mlpdoctor.floors import noise
from mlpdoctor.heads import Part
from mlpdoctor.lean import dataclass
from mlpdoctor.losses.softmax import SoftmaxLoss
from mlpdoctor.network import Array
from mlpdoctor.statistics.row_sample import RowSample

CLEAR = 3.0
"""Standard errors by which a model must beat the estimate to refute it."""


@dataclass(frozen=True)
class NoiseEstimate:
    """What is probably irreducible.

    Attributes:
        total: of the whole loss.
        error: its standard error.
        per_part: for each part.
        method: how it was found, and what it takes for granted, in words.
        rows: sampled rows.
    """

    total: float
    error: float
    per_part: tuple[float, ...]
    method: str
    rows: int


@fact
def noise_estimate(
    objective: Objective,
    sample: RowSample,
    perfect: Perfection,
    model: ModelLoss | None,
    opinion: SecondOpinion | None,
) -> NoiseEstimate | Absent:
    """Compare the targets of rows with near inputs.

    A target that swings faster than the rows lie close looks like noise. Where the model, or a quick fit on rows it
    has not seen, does better than the estimate, that is what it was, and nothing is said.
    """
    sample = sample.few
    if sample.weights is not None:
        return Absent("with sample weights the noise is not estimated")
    values, errors, method = [], [], ""
    for k, part in enumerate(objective.parts):
        found = _of(part, sample.features, part.targets(sample.targets))
        if isinstance(found, str):
            return Absent(f"the noise is not estimated: {found}")
        values.append(max(found.value, perfect.per_part[k]))
        errors.append(found.error)
        method = f"{found.method}; {found.assumptions}"
    weights = [part.weight for part in objective.parts]
    # Noise of different targets in the same rows may go together, so that errors add up rather than cancel.
    error = sum(w * e for w, e in zip(weights, errors, strict=True))
    total = objective.total(tuple(values))
    reached = [model.total] if model is not None else []
    reached += [opinion.curve] if opinion is not None else []
    if min(reached, default=total) < total - CLEAR * error:
        return Absent("the noise is not estimated: something does better than rows with near inputs agree")
    return NoiseEstimate(total, error, tuple(values), method, len(sample.features))


def _of(part: Part, features: Array, targets: Array) -> noise.Noise | str:
    loss = part.loss
    if loss.linear == "squares":
        return noise.of_numbers(features, targets[:, 0], "squares")
    if loss.names[0] == "mae":
        return noise.of_numbers(features, targets[:, 0], "absolute")
    if loss.names[0] == "binarycrossentropy":
        targets = np.concatenate([1 - targets, targets], axis=1)
    elif not isinstance(loss, SoftmaxLoss):
        return f"there is no estimator for {loss.label}"
    if not np.isin(targets, (0.0, 1.0)).all() or not math.isclose(float(targets.sum()), len(targets)):
        return "there is no estimator for soft labels"
    return noise.of_classes(features, targets.argmax(axis=1), targets.shape[1])
