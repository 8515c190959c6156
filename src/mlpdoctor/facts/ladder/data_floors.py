"""What identical inputs with different targets cost (proved), and what noise probably costs (estimated)."""

import math
from typing import TYPE_CHECKING

import numpy as np

from mlpdoctor.analysis.floors.conflicts import Conflicts, find
from mlpdoctor.core.check import Absent, dear_fact, fact, of_data
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.facts.ladder.linear_floor import ConstantFloor
from mlpdoctor.facts.ladder.model_loss import ModelLoss, Objective, Perfection
from mlpdoctor.facts.ladder.second_opinion import SecondOpinion
from mlpdoctor.facts.ladder.swings import Ids, Swings
from mlpdoctor.nn.heads import Part
from mlpdoctor.nn.losses.softmax_crossentropies import SoftmaxLoss
from mlpdoctor.statistics.rows import CLEAR, RowHashes, RowSample

if TYPE_CHECKING:
    from mlpdoctor.analysis.floors.noise import Noise


@dataclass(frozen=True)
class ConflictFloor:
    """Groups of identical inputs with different targets, and the least loss of any function of the inputs.

    Attributes:
        conflicts: the groups, and what they cost beyond perfect answers.
        per_part: the least loss of each part: that of perfect answers, and what the conflicts cost.
        total: the same over all parts.
        conflict_total: what the conflicts alone cost.
    """

    conflicts: Conflicts
    per_part: tuple[float, ...]
    total: float
    conflict_total: float


@of_data
@fact
def conflict_floor(objective: Objective, hashes: RowHashes, perfect: Perfection) -> ConflictFloor:
    """Rows that may be identical, looked at again and grouped by their real contents."""
    passes = objective.passes
    features, parts = len(passes.dataset.feature_names), len(objective.parts)
    conflicts = find(passes.kept, hashes, objective.rows, objective.heads, parts, features)
    per_part = tuple(base + more for base, more in zip(perfect.per_part, conflicts.floors, strict=True))
    return ConflictFloor(conflicts, per_part, objective.total(per_part), objective.total(conflicts.floors))


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


@dataclass(frozen=True)
class NearRows:
    """What rows with near inputs disagree by.

    Attributes:
        estimate: what of the loss that would be, if it were noise.
    """

    estimate: NoiseEstimate


@fact
def noise_estimate(near: NearRows, model: ModelLoss | None, opinion: SecondOpinion | None) -> NoiseEstimate | Absent:
    """Take for noise what near rows disagree by.

    Where the model, or a quick fit on rows it has not seen, does better, that is not what it was, and nothing is said.
    """
    found = near.estimate
    reached = [model.total] if model is not None else []
    reached += [opinion.curve] if opinion is not None else []
    if min(reached, default=found.total) < found.total - CLEAR * found.error:
        return Absent("the noise is not estimated: something does better than rows with near inputs agree")
    return found


@of_data
@dear_fact("comparing neighbouring rows for noise")
def near_rows(
    objective: Objective,
    sample: RowSample,
    perfect: Perfection,
    constant: ConstantFloor,
    ids: Ids,
    swings: Swings | None,
) -> NearRows | Absent:
    """Compare the targets of rows with near inputs.

    A target that swings faster than the rows lie close looks like noise.
    """
    sample = sample.few
    if sample.weights is not None:
        return Absent("with sample weights the noise is not estimated")
    if ids.columns:
        return Absent("the noise is not estimated: the inputs hold ids, among which none are near to each other")
    if swings is not None and swings.found is not None and swings.found.period is not None:
        return Absent("the noise is not estimated: a wave fits the target, and swings faster than the rows lie close")
    values, errors, method = [], [], ""
    for k, part in enumerate(objective.parts):
        found = _of(part, sample.features, part.targets(sample.targets))
        if isinstance(found, str):
            return Absent(f"the noise is not estimated: {found}")
        values.append(min(max(found.value, perfect.per_part[k]), constant.fits[k].value))
        errors.append(found.error)
        method = f"{found.method}; {found.assumptions}"
    weights = [part.weight for part in objective.parts]
    # Noise of different targets in the same rows may go together, so that errors add up rather than cancel.
    error = sum(w * e for w, e in zip(weights, errors, strict=True))
    return NearRows(NoiseEstimate(objective.total(tuple(values)), error, tuple(values), method, len(sample.features)))


def _of(part: Part, features: Array, targets: Array) -> "Noise | str":
    from mlpdoctor.analysis.floors import noise

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
