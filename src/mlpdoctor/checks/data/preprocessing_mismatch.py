"""D713: a file that is not on the scale the model was trained on."""

from collections.abc import Iterator

import numpy as np

from mlpdoctor.core.check import EVERYTHING, Role, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.text import percent, short
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.outputs.other_scale import other_scale
from mlpdoctor.facts.outputs.scaling_trials import CODE, ScalingTrials, Tried
from mlpdoctor.facts.training.training import Trained

MOST_NAMED = 3
"""Other scales shown beside the best: for classes one that is too large may only make sure predictions surer."""


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
    found = other_scale(trials, position)
    if found is None:
        return
    best, moved = found.best, found.moved
    both = _named(best, alone=trials.alone)
    also = tuple(f"{_named(one, alone=trials.alone)} ({percent(one.share)})" for one in found.rest[:MOST_NAMED])
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
