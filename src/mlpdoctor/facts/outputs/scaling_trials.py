"""What a model loses on the rows of a file put on the scales that people put columns on before training."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from mlpdoctor.analysis.calibration import levelled
from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.errors import InputError
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.outputs.heads import read_by
from mlpdoctor.facts.outputs.regression import Regression
from mlpdoctor.statistics.rows import RowSample

LEAST_ROWS = 20
"""On fewer rows another scale may fit by luck."""
BAD = 0.5
"""A model that loses less than half of what a constant does is on its scale, more or less."""
OFF = 0.05
"""Predictions on their own scale need no line to correct them: it would save at most this share of the constant's
loss."""
OFF_WITH_FEW = 0.01
"""The same for one or two features, where a line through the rows is easily met by luck."""
FEW_FEATURES = 2
CALMED = tuple(0.5**power for power in range(1, 9))
"""Smaller inputs make a classifier's predictions less sure, and that alone helps one that is too sure of itself."""

Scaling = Callable[[Array], Array]


def _span(values: Array) -> Array:
    span: Array = values.max(axis=0) - values.min(axis=0)
    return np.where(span > 0, span, 1.0)


def _standard(values: Array) -> Array:
    deviation = values.std(axis=0)
    scaled: Array = (values - values.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)
    return scaled


SCALINGS: Mapping[str, Scaling] = {
    "as they are": lambda values: values,
    "standardised": _standard,
    "scaled to 0..1": lambda values: (values - values.min(axis=0)) / _span(values),
    "divided by 255": lambda values: values / 255.0,
    "scaled to -1..1": lambda values: 2.0 * (values - values.min(axis=0)) / _span(values) - 1.0,
    "divided by 127.5, less 1": lambda values: values / 127.5 - 1.0,
    "divided by their largest": lambda values: values / np.maximum(np.abs(values).max(axis=0), 1e-300),
    "logarithms": lambda values: np.log1p(np.maximum(values, 0.0)),
    "standardised logarithms": lambda values: _standard(np.log1p(np.maximum(values, 0.0))),
}
"""What people do to columns before training, the most usual first."""
CODE = {
    "as they are": "{v}",
    "standardised": "({v} - {v}.mean(axis=0)) / {v}.std(axis=0)",
    "scaled to 0..1": "({v} - {v}.min(axis=0)) / ({v}.max(axis=0) - {v}.min(axis=0))",
    "divided by 255": "{v} / 255",
    "scaled to -1..1": "2 * ({v} - {v}.min(axis=0)) / ({v}.max(axis=0) - {v}.min(axis=0)) - 1",
    "divided by 127.5, less 1": "{v} / 127.5 - 1",
    "divided by their largest": "{v} / np.abs({v}).max(axis=0)",
    "logarithms": "np.log1p({v})",
    "standardised logarithms": "(np.log1p({v}) - np.log1p({v}).mean(axis=0)) / np.log1p({v}).std(axis=0)",
}
"""The same as code, column by column, for a frame and for an array alike."""
OF_TARGETS = (
    "as they are",
    "standardised",
    "scaled to 0..1",
    "scaled to -1..1",
    "divided by their largest",
    "logarithms",
    "standardised logarithms",
)
OF_FEATURES = tuple(name for name in SCALINGS if "logarithms" not in name)
POSITIVE = ("logarithms", "standardised logarithms")


@dataclass(frozen=True)
class Tried:
    """What one pair of scalings gives.

    Attributes:
        features: the scaling of the features.
        targets: that of the targets.
        share: the model's loss as a share of the best constant's on the same targets.
        levelled: the same once the mean probability of each class is the share of its rows, as training with class
            weights or with repeated rows moves it away from there; of numbers ``share``.
    """

    features: str
    targets: str
    share: float
    levelled: float


@dataclass(frozen=True)
class ScalingTrials:
    """All pairs of scalings that apply to a file and put the predictions on the scale of the targets.

    Attributes:
        tried: one a pair, the most usual first.
        before: the loss on the rows as they are, as a share of the best constant's.
        calmed: the least share that the predictions for the rows as they are get to when they are made less sure.
        calmed_levelled: the same with mean probabilities put right as well.
        alone: whether the targets are numbers, whose scale is tried too.
        grey: whether the features are whole numbers up to 255: grey values, and everybody divides these by 255.
        features: how many there are.
        rows: that were looked at.
    """

    tried: tuple[Tried, ...]
    before: float
    calmed: float
    calmed_levelled: float
    alone: bool
    grey: bool
    features: int
    rows: int


@fact
def scaling_trials(
    objective: Objective, sample: RowSample, position: LossPosition, regression: Regression | None
) -> ScalingTrials | Absent:
    """Run the network on a few rows under every scaling."""
    few = sample.few
    if len(few.features) < LEAST_ROWS:
        return Absent(f"{len(few.features)} rows are too few to tell one scale from another", applicable=False)
    if position.of_constant(position.model) < BAD or objective.passes.engine is None:
        return Absent("the model is on the scale of this file", applicable=False)
    alone = regression is not None and len(regression.parts) == len(objective.parts)
    found = tuple(_tries(objective, few, alone=alone))
    before = next((one.share for one in found if one.features == one.targets == "as they are"), np.inf)
    read = None if alone else _predictions(objective, few.features)
    calmed = calmed_levelled = np.inf
    if read is not None:
        surer = [sureness * read for sureness in CALMED]
        calmed = min(_share(objective, few.targets, one, few.weights) for one in surer)
        calmed_levelled = min(_levelled(objective, few.targets, one, few.weights) for one in (read, *surer))
    whole = bool((few.features == np.rint(few.features)).all())
    return ScalingTrials(
        found,
        before,
        calmed,
        calmed_levelled,
        alone,
        whole and _applies("divided by 255", few.features),
        few.features.shape[1],
        len(few.features),
    )


def _tries(objective: Objective, rows: RowSample, *, alone: bool) -> Iterator[Tried]:
    """Every pair of scalings that applies to these columns and puts the predictions on the scale of the targets."""
    for of_features in OF_FEATURES:
        if not _applies(of_features, rows.features):
            continue
        read = _predictions(objective, SCALINGS[of_features](rows.features))
        if read is None:
            continue
        for of_targets in OF_TARGETS if alone else OF_TARGETS[:1]:
            if of_targets in POSITIVE and rows.targets.min() < 0:
                continue
            targets = SCALINGS[of_targets](rows.targets)
            share = _share(objective, targets, read, rows.weights)
            level = share if alone else _levelled(objective, targets, read, rows.weights)
            as_given = of_features == of_targets == "as they are"
            off = OFF_WITH_FEW if rows.features.shape[1] <= FEW_FEATURES else OFF
            if as_given or not alone or _off(targets, read) <= off:
                yield Tried(of_features, of_targets, share, level)


def _applies(scaling: str, features: Array) -> bool:
    """Grey values alone are divided by 255."""
    if "255" not in scaling and "127.5" not in scaling:
        return True
    return bool(features.min() >= 0 and 1 < features.max() <= 255)  # noqa: PLR2004


def _predictions(objective: Objective, features: Array) -> Array | None:
    """What the losses read of the network's predictions for such rows; None where it cannot take them."""
    passes = objective.passes
    if passes.engine is None:
        return None
    try:
        return read_by(objective.heads.heads, passes.engine, features, max(len(features), 1))
    except InputError:
        return None


def _share(objective: Objective, targets: Array, read: Array, weights: Array | None) -> float:
    """The loss as a share of the best constant's."""
    weight = np.ones(len(targets)) if weights is None else weights
    with np.errstate(all="ignore"):
        values = (objective.heads.values(targets, read) * weight[:, None]).sum(axis=0)
        flat_out = objective.heads.best(np.zeros(len(targets), np.intp), targets, weight)[0]
        perfect = (objective.heads.perfect(targets) * weight[:, None]).sum(axis=0)
    span = objective.total(tuple(flat_out)) - objective.total(tuple(perfect))
    above = objective.total(tuple(values)) - objective.total(tuple(perfect))
    return above / span if span > 0 and np.isfinite(above) else np.inf


def _levelled(objective: Objective, targets: Array, read: Array, weights: Array | None) -> float:
    """The same once mean probabilities are the shares of the classes."""
    weight = np.ones(len(targets)) if weights is None else weights
    return _share(objective, targets, levelled(objective.heads, targets, read, weight), weights)


def _off(targets: Array, read: Array) -> float:
    """The most that a line from each prediction to its target would save, as a share of the target's variance."""
    if targets.shape != read.shape or not np.isfinite(read).all():
        return np.inf
    total = np.square(targets - targets.mean(axis=0)).mean(axis=0)
    error = np.square(targets - read).mean(axis=0)
    a, b = targets - targets.mean(axis=0), read - read.mean(axis=0)
    with np.errstate(all="ignore"):
        explained = np.square((a * b).mean(axis=0)) / np.square(b).mean(axis=0)
        left = total - np.where(np.isfinite(explained), explained, 0.0)
        saved = (error - left) / total
    return float(np.where(total > 0, saved, 0.0).max())
