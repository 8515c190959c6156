"""D713: a file that is not on the scale the model was trained on."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from mlpdoctor.core.check import EVERYTHING, Role, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.text import percent, short
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.outputs.scaling_trials import BAD, FEW_FEATURES, ScalingTrials, Tried
from mlpdoctor.facts.training.training import Trained

GOOD = 0.5
"""On its own scale a model loses at most half of what a constant does, or about what a linear model does."""
GAIN = 4.0
"""Below the constant's loss another scale has to be so many times better: no chance does that."""
POOR = 0.8
"""Above it nothing is said, whatever a linear model reaches: garbage gets there."""
AS_LINEAR = 1.1
BY_MORE = 0.8
"""Another scale has to be better by a fifth than the same predictions made less sure."""
SURELY_GREY = 0.25
"""But to a network without offsets grey values divided by 255 are the same as predictions divided by 255."""
MOST_NAMED = 3
"""Other scales shown beside the best: for classes one that is too large may only make sure predictions surer."""
PREFERRED = 0.95
"""A rarer scaling has to be better by a twentieth before it is named instead of a more usual one."""
PREFERRED_TO_GREY = 0.5
"""For grey values it has to be twice as good as dividing by 255."""
MOST_OF_THE_LINE = 0.8
"""A classifier whose level was moved by class weights: with that put right it saves most of what a linear one saves."""
CHANCE = 50.0
"""A gain of so many rows' worth of the constant's loss is beyond what a level fitted to these rows brings."""
TWICE = 2.0
"""And twice as much as the same predictions on this file do, with level and size put right."""
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


@check(
    "D713",
    Severity.ERROR,
    "the loss is {before} the best constant's as the file is, and {after_share} of it with {both}",
    stage=Stage.DATA,
    disturbs=EVERYTHING,
    role=Role.OTHER_FILE,
    names=("input scale",),
)
def preprocessing_mismatch(trials: ScalingTrials, position: LossPosition, trained: Trained) -> Iterator[Evidence]:
    """A file that is not on the scale the model was trained on.

    Why it matters
        A network knows its inputs on the scale it was trained on. Given raw columns where it was trained on
        standardised ones its units saturate and its predictions are absurd, and so is the loss, whatever the weights
        are worth. The same goes for targets: a model trained on standardised ones predicts numbers near 0.
    How to fix it
        Apply to the file what was applied in training, best by the very scaler that was fitted there; or put a
        Normalization layer into the model, so that it travels with it.
    When it stays silent
        Models that beat the best constant on the file as it is, unless another scale makes their loss four times
        smaller; classifiers that are too sure of themselves, as on rows they were not trained on: another scale has to
        do better than less sure predictions on this one; untrained models, and broken ones: the finding needs a scaling
        under which this very model is good, and its predictions are right without any correction.
    How sure
        Estimated, on a sample of the rows and with the sample's own means, spreads and ranges, since those that
        were used in training are not in the file. That the scale is another is sure; which of several similar ones was
        used is not, and all that fit are named.
    """
    if trials.before < BAD:
        return
    moved = False
    good = _as_good_as_trained(trials, position)
    if not good:
        good, moved = _with_another_level(trials, position), True
    if not good:
        return
    usual = [one for one in good if trials.grey and one.features == "divided by 255"]
    best = min(usual, key=lambda one: one.share) if usual else good[0]
    for one in good:
        best = one if one.share < (PREFERRED_TO_GREY if usual else PREFERRED) * best.share else best
    both = _named(best, alone=trials.alone)
    rest = sorted((one for one in good if one is not best), key=lambda one: one.share)
    also = tuple(f"{_named(one, alone=trials.alone)} ({percent(one.share)})" for one in rest[:MOST_NAMED])
    level = " and its probabilities moved to the shares of the classes" if moved else ""
    yield Evidence(
        numbers={
            "both": both + level,
            "features": best.features,
            "targets": best.targets,
            "before": _times(trials.before),
            "before_share": trials.before if np.isfinite(trials.before) else None,
            "after_share": best.share,
            "level_moved": moved,
            "also": also,
            "rows": trials.rows,
            "updates": trained.updates,
        },
        certainty=Certainty.ESTIMATED,
        why=f"On {trials.rows:,} rows as they are, the loss is {_times(trials.before)} that of the best constant; "
        f"with {both}{level} it is {percent(best.share)} of it. Weights that fit so well were trained on that scale"
        + (f", or on one like it: {'; '.join(also)}." if also else ".")
        + (" The probabilities are probably off because training used class weights." if moved else ""),
        remedy=_remedy(best),
        strength=1 - best.share,
        verdict=f"This file is not on the scale the model was trained on. As it is, the loss is "
        f"{_times(trials.before)} that of the best constant; with {both}{level} the same weights bring it down to "
        f"{percent(best.share)} of it.",
    )


def _as_good_as_trained(trials: ScalingTrials, position: LossPosition) -> list[Tried]:
    """The scalings under which the model is good as it is."""
    limit = GOOD if position.affine is None else min(max(GOOD, AS_LINEAR * position.of_constant(position.affine)), POOR)
    good = [one for one in trials.tried if one.share <= limit]
    if trials.before < 1:
        good = [one for one in good if one.share * GAIN <= trials.before]
    if trials.alone:
        return good
    calmed = BY_MORE * trials.calmed
    return [one for one in good if one.share <= calmed or (trials.grey and one.share <= SURELY_GREY)]


def _with_another_level(trials: ScalingTrials, position: LossPosition) -> list[Tried]:
    """The scalings under which a classifier tells the classes apart, with probabilities that class weights moved."""
    if trials.alone or position.affine is None or trials.features <= FEW_FEATURES or trials.before < 1:
        return []
    line = 1 - position.of_constant(position.affine)
    least = max(MOST_OF_THE_LINE * line, TWICE * max(1 - trials.calmed_levelled, 0.0), CHANCE / trials.rows)
    return [replace(one, share=one.levelled) for one in trials.tried if 1 - one.levelled >= least]


def _named(tried: Tried, *, alone: bool) -> str:
    return f"features {tried.features}" + (f" and targets {tried.targets}" if alone else "")


def _times(share: float) -> str:
    return f"{short(float(f'{share:.2g}'), 2)} times" if np.isfinite(share) else "infinitely many times"


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
