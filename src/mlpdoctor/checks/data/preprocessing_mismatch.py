"""D713: a file that is not on the scale the model was trained on."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from mlpdoctor.core.check import EVERYTHING, Stage, check
from mlpdoctor.core.errors import InputError
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Array
from mlpdoctor.core.text import percent, short
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.outputs.readings import read_by
from mlpdoctor.facts.outputs.regression import Regression
from mlpdoctor.facts.training.training import Trained
from mlpdoctor.statistics.row_sample import RowSample

LEAST_ROWS = 20
"""On fewer rows another scale may fit by luck."""
GOOD = 0.5
"""On its own scale a model loses at most half of what a constant does, or about what a linear model does."""
BAD = 0.5
"""A model that loses less than half of what a constant does is on its scale, more or less."""
GAIN = 4.0
"""Below the constant's loss another scale has to be so many times better: no chance does that."""
POOR = 0.8
"""Above it nothing is said, whatever a linear model reaches: garbage gets there."""
AS_LINEAR = 1.1
OFF = 0.05
"""Answers on their own scale need no line to mend them: it would save at most this share of the constant's loss."""
OFF_WITH_FEW = 0.01
"""The same for one or two features, where a line through the rows is easily met by luck."""
FEW_FEATURES = 2
CALMED = tuple(0.5**power for power in range(1, 9))
"""Smaller inputs make the answers of a classifier less sure, and that alone helps one that is too sure of itself."""
BY_MORE = 0.8
"""Another scale has to be better by a fifth than the same answers made less sure."""
SURELY_GREY = 0.25
"""But to a network without offsets grey values divided by 255 are the same as answers divided by 255."""
MOST_NAMED = 3
"""Other scales shown beside the best: for classes one that is too large may only make sure answers surer."""
PREFERRED = 0.95
"""A rarer scaling has to be better by a twentieth before it is named instead of a more usual one."""

PREFERRED_TO_GREY = 0.5
"""For grey values it has to be twice as good as dividing by 255."""

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
CODE = {
    "as they are": "{v}",
    "standardised": "({v} - {v}.mean()) / {v}.std()",
    "scaled to 0..1": "({v} - {v}.min()) / ({v}.max() - {v}.min())",
    "divided by 255": "{v} / 255",
    "scaled to -1..1": "2 * ({v} - {v}.min()) / ({v}.max() - {v}.min()) - 1",
    "divided by 127.5, less 1": "{v} / 127.5 - 1",
    "divided by their largest": "{v} / {v}.abs().max()",
    "logarithms": "np.log1p({v})",
    "standardised logarithms": "(np.log1p({v}) - np.log1p({v}).mean()) / np.log1p({v}).std()",
}
"""The same in pandas."""


@dataclass(frozen=True)
class Tried:
    """What one pair of scalings gives: the model's loss as a share of the best constant's on the same targets."""

    features: str
    targets: str
    share: float


@check(
    "D713",
    Severity.ERROR,
    "the loss is {before} the best constant's as the file is, and {after_share} of it with {both}",
    stage=Stage.DATA,
    disturbs=EVERYTHING,
)
def preprocessing_mismatch(
    objective: Objective, sample: RowSample, position: LossPosition, trained: Trained, regression: Regression | None
) -> Iterator[Evidence]:
    """A file that is not on the scale the model was trained on.

    Why it matters
        A network knows its inputs on the scale it was trained on. Given raw columns where it was trained on
        standardised ones its units saturate and its answers are absurd, and so is the loss, whatever the weights are
        worth. The same goes for targets: a model trained on standardised ones answers numbers near 0.
    Remedy
        Apply to the file what was applied in training, best by the very scaler that was fitted there; or put a
        Normalization layer into the model, so that it travels with it.
    Stays quiet on
        Models that beat the best constant on the file as it is, unless another scale makes their loss four times
        smaller; classifiers that are too sure of themselves, as on rows they were not trained on: another scale has to
        do better than less sure answers on this one; untrained models, and broken ones: the finding needs a scaling
        under which this very model is good, and its answers are right without any correction.
    Certainty
        Estimated, on a sample of the rows and with the sample's own means, spreads and ranges, since those that
        were used in training are not in the file. That the scale is another is sure; which of several similar ones was
        used is not, and all that fit are named.
    """
    few = sample.few
    if len(few.features) < LEAST_ROWS or position.of_constant(position.model) < BAD or objective.passes.engine is None:
        return
    alone = regression is not None and len(regression.parts) == len(objective.parts)
    found = list(_tries(objective, few, alone=alone))
    before = next((one.share for one in found if one.features == one.targets == "as they are"), np.inf)
    limit = GOOD if position.affine is None else min(max(GOOD, AS_LINEAR * position.of_constant(position.affine)), POOR)
    good = [one for one in found if one.share <= limit]
    if before < 1:
        good = [one for one in good if one.share * GAIN <= before]
    # Whole numbers up to 255 are grey values, and everybody divides these by 255.
    grey = bool((few.features == np.rint(few.features)).all()) and _applies("divided by 255", few.features)
    if good and not alone:
        calmed = BY_MORE * _calmed(objective, few)
        good = [one for one in good if one.share <= calmed or (grey and one.share <= SURELY_GREY)]
    if not good or before < BAD:
        return
    usual = [one for one in good if grey and one.features == "divided by 255"]
    best = min(usual, key=lambda one: one.share) if usual else good[0]
    for one in good:
        best = one if one.share < (PREFERRED_TO_GREY if usual else PREFERRED) * best.share else best
    both = _named(best, alone=alone)
    rest = sorted((one for one in good if one is not best), key=lambda one: one.share)
    also = tuple(f"{_named(one, alone=alone)} ({percent(one.share)})" for one in rest[:MOST_NAMED])
    yield Evidence(
        numbers={
            "both": both,
            "features": best.features,
            "targets": best.targets,
            "before": _times(before),
            "before_share": before if np.isfinite(before) else None,
            "after_share": best.share,
            "also": also,
            "rows": len(few.features),
            "updates": trained.updates,
        },
        certainty=Certainty.ESTIMATED,
        why=f"On {len(few.features):,} rows as they are, the loss is {_times(before)} that of the best constant; "
        f"with {both} it is {percent(best.share)} of it. Weights that fit so well were trained on that scale"
        + (f", or on one like it: {'; '.join(also)}." if also else "."),
        remedy=_remedy(best),
        strength=1 - best.share,
        verdict=f"This file is not on the scale the model was trained on. As it is, the loss is {_times(before)} "
        f"that of the best constant; with {both} the same weights bring it down to {percent(best.share)} of it.",
    )


def _named(tried: Tried, *, alone: bool) -> str:
    return f"features {tried.features}" + (f" and targets {tried.targets}" if alone else "")


def _times(share: float) -> str:
    return f"{short(float(f'{share:.2g}'), 2)} times" if np.isfinite(share) else "infinitely many times"


def _tries(objective: Objective, rows: RowSample, *, alone: bool) -> Iterator[Tried]:
    """Every pair of scalings that applies to these columns and puts the answers on the scale of the targets."""
    for of_features in OF_FEATURES:
        if not _applies(of_features, rows.features):
            continue
        read = _answers(objective, SCALINGS[of_features](rows.features))
        if read is None:
            continue
        for of_targets in OF_TARGETS if alone else OF_TARGETS[:1]:
            if of_targets in POSITIVE and rows.targets.min() < 0:
                continue
            targets = SCALINGS[of_targets](rows.targets)
            share = _share(objective, targets, read, rows.weights)
            as_given = of_features == of_targets == "as they are"
            off = OFF_WITH_FEW if rows.features.shape[1] <= FEW_FEATURES else OFF
            if as_given or not alone or _off(targets, read) <= off:
                yield Tried(of_features, of_targets, share)


def _calmed(objective: Objective, rows: RowSample) -> float:
    """The least share that the answers to the rows as they are get to when they are made less sure."""
    read = _answers(objective, rows.features)
    if read is None:
        return np.inf
    return min(_share(objective, rows.targets, sureness * read, rows.weights) for sureness in CALMED)


def _applies(scaling: str, features: Array) -> bool:
    """Grey values alone are divided by 255."""
    if "255" not in scaling and "127.5" not in scaling:
        return True
    return bool(features.min() >= 0 and 1 < features.max() <= 255)  # noqa: PLR2004


def _answers(objective: Objective, features: Array) -> Array | None:
    """What the losses read of the network's answers to such rows; None where it cannot take them."""
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


def _off(targets: Array, read: Array) -> float:
    """What the best line from each answer to its target would save, as a share of the target's variance; the most."""
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


def _remedy(best: Tried) -> Remedy:
    lines = [
        f"{variable} = {CODE[scaling].format(v=variable)}"
        for variable, scaling in (("x", best.features), ("y", best.targets))
        if scaling != "as they are"
    ]
    return Remedy(
        "scale the file as in training, with the scaler that was fitted there if it was kept; this comes close to it",
        "; ".join(lines),
    )
