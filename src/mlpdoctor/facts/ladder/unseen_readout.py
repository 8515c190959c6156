"""How well the best last layer on the saved hidden features does on rows it was not fitted to."""

from functools import partial

import numpy as np

from mlpdoctor.analysis.floors.ridge import Ridge
from mlpdoctor.core.check import Absent, dear_fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array, Network
from mlpdoctor.engine.passes import Only, flat
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.ladder.readout import ReadoutFloor, hidden_source
from mlpdoctor.facts.ladder.second_opinion import (
    LEAST_ROWS,
    Flags,
    fitting,
    out_of_fold,
    row_losses,
    standardised,
)
from mlpdoctor.facts.training.training import Trained
from mlpdoctor.nn.losses.convex import ConvexLoss
from mlpdoctor.nn.losses.loss import Loss
from mlpdoctor.statistics.rows import RowSample

LOWER = 0.95
"""A readout rung hardly lower than the model leaves no gap to look into."""


@dataclass(frozen=True)
class UnseenReadout:
    """Losses on the same sampled rows, mean over them.

    Attributes:
        model: of the saved last layer.
        readout: of a last layer fitted to the other rows.
        saved: ``model - readout``.
        error: standard error of ``saved``.
        rows: rows in the sample.
    """

    model: float
    readout: float
    saved: float
    error: float
    rows: int


@dear_fact("fitting the last layer again for unseen rows")
def unseen_readout(
    objective: Objective,
    network: Network,
    position: LossPosition,
    trained: Trained,  # noqa: ARG001  asked for so that it is not worked out for weights that nobody has trained
    floor: ReadoutFloor,
    sample: RowSample,
) -> UnseenReadout | Absent:
    """Cross-validate the last layer alone; the hidden layers stay what they are."""
    if position.well:
        return Absent("the model does as well as anything is known to", applicable=False)
    if position.above(objective.total(floor.per_part)) > LOWER * position.above(position.model):
        return Absent("no last layer does much better", applicable=False)
    sample = sample.few
    if len(sample.features) < LEAST_ROWS:
        return Absent(f"{len(sample.features)} rows are too few to judge by cross-validation")
    for head in objective.heads.heads:
        if not fitting(head.loss):
            return Absent(f"there is no quick fit for {head.loss.label}")
    sources = [hidden_source(network, head) or 0 for head in objective.heads.heads]
    with np.errstate(all="ignore"):
        shown, read = hidden_and_read(objective, sample.features, sources)
        if not all(np.isfinite(values).all() for values in (read, *shown)):
            return Absent("the hidden features are not finite")
        weights = np.ones(len(read)) if sample.weights is None else sample.weights
        parts = np.array([part.weight for part in objective.parts])
        model = weights * (objective.heads.values(sample.targets, read) @ parts)
        readout = weights * cross_validated(objective, shown, sample.targets)
    saved = model - readout
    return UnseenReadout(
        model=float(model.mean()),
        readout=float(readout.mean()),
        saved=float(saved.mean()),
        error=float(saved.std() / np.sqrt(len(saved))),
        rows=len(saved),
    )


def cross_validated(objective: Objective, shown: list[Array], columns: Array) -> Array:
    """The loss of each row by last layers that were fitted to other rows.

    Args:
        objective: the outputs with their losses.
        shown: for each output the features that its last layer sees.
        columns: all target columns.
    """
    targets, read = [head.targets(columns) for head in objective.heads.heads], []
    for head, features, own in zip(objective.heads.heads, shown, targets, strict=True):
        predicted = partial(_predicted, head.loss, standardised(features), own)
        read.append(out_of_fold(len(columns), predicted))
    return row_losses(objective, np.concatenate(targets, axis=1), np.concatenate(read, axis=1))


def _predicted(loss: Loss, design: Array, targets: Array, seen: Flags, held: Flags) -> Array:
    """What the loss reads for the rows held back, by a last layer fitted to those seen."""
    ridge = Ridge.fit(design[seen], loss.to_scale(targets)[seen])
    if isinstance(loss, ConvexLoss) and loss.link == "logit":
        return ridge.logits(loss, design[seen], targets[seen], design[held])
    return loss.from_scale(ridge.predict(design[held]))


def hidden_and_read(objective: Objective, features: Array, sources: list[int]) -> tuple[list[Array], Array]:
    """What enters each last layer, and what the losses read of all outputs side by side.

    Args:
        objective: the outputs with their losses.
        features: of the rows, shape (rows, features).
        sources: for each output the place of the node whose values enter its last layer.

    Returns:
        Arrays of shape (rows, units), one an output; and one of shape (rows, all outputs' units).
    """
    engine = objective.passes.engine
    if engine is None:
        raise ValueError("the network cannot be run")
    before: dict[int, Array] = {}
    after: dict[int, Array] = {}

    def see(position: int, sums: Array, values: Array) -> None:
        if position in sources:
            after[position] = flat(values)
        if any(head.behind and head.node == position for head in objective.heads.heads):
            before[position] = flat(sums)

    heads = objective.heads.heads
    outputs = engine.forward(features, Only(frozenset({*sources, *(head.node for head in heads)}), see))
    read = [before[head.node] if head.behind else flat(outputs[head.output]) for head in heads]
    return [after[source] for source in sources], np.concatenate(read, axis=1)
