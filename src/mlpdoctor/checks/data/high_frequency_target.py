"""D714: a target that swings faster than gradient descent learns."""

import math
from collections.abc import Iterator

import numpy as np

from mlpdoctor.analysis.floors.oscillation import Oscillation, along_a_line, in_the_plane
from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Array
from mlpdoctor.core.text import percent, quoted, short
from mlpdoctor.engine.passes import Passes
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.network.line_in_reach import Entrance
from mlpdoctor.facts.training.training import Training
from mlpdoctor.statistics.row_sample import RowSample

SMOOTH = 0.5
"""Near rows must predict half of the variance, or it is noise that swings."""
MOST_TARGETS = 8
STUCK = 0.5
"""A model with more than half the loss of the best line has not learned the swings."""
AT_THE_CONSTANT = 0.95
AT_LEAST = 5
"""Crossings: two and a half periods. Fewer are a curve, not an oscillation."""
UNTRIED = 2.0
"""So many times more swings than are hard are needed to warn before anybody has trained."""


@check(
    "D714",
    Severity.ERROR,
    "{target} swings about {about} times across one standard deviation of {features}",
    clears="a target that swings too fast",
    stage=Stage.DATA,
    disturbs=Part.LOSS,
)
def high_frequency_target(
    entrance: Entrance,
    sample: RowSample,
    passes: Passes,
    position: LossPosition,
    training: Training,
    *,
    tolerated_periods: float = 0.8,
    many_periods: float = 1.0,
) -> Iterator[Evidence]:
    """A target that oscillates many times across the scale of its one or two inputs.

    Why it matters
        Gradient descent learns slow changes first and fast ones last: the time it takes grows steeply with the
        frequency as the first layer sees it. A network on x in units of its standard deviation soon draws one swing;
        many swings stay flat for so long that the loss seems to have stopped at that of a constant.
    Remedy
        Give the network the waves: sine and cosine of the input at the frequency found, or random Fourier features,
        or a first layer with sine activation. More units or more epochs help little.
    Stays quiet on
        Three or more features that vary; inputs that the model turns into something else before its first Dense layer;
        noise, for near rows must agree; up to three periods across evenly spread inputs; models that have learned it.
    Certainty
        Estimated: swings of a smoothed target on a sample of the rows, or in the plane the distance at which rows
        are no longer alike.
    References
        Rahaman et al., On the spectral bias of neural networks, 2019; Tancik et al., Fourier features let networks
        learn high frequency functions in low dimensional domains, 2020.
    """
    if any(door.first_feature is None for door in entrance.doors) or not math.isfinite(position.model):
        return
    spread = sample.features.std(axis=0)
    varied = np.flatnonzero(spread > 0)
    if not 1 <= len(varied) <= 2 or position.well or _learned(position):  # noqa: PLR2004
        return
    found, target = _fastest(sample.features[:, varied], sample.targets)
    if found is None or found.periods < tolerated_periods:
        return
    names = [passes.dataset.feature_names[k] for k in varied]
    waves = [2 * math.pi * found.periods / float(spread[k]) for k in varied]
    name = passes.dataset.target_names[target]
    stuck_at_constant = position.of_constant(position.model) >= AT_THE_CONSTANT
    swings = f"{short(found.periods, 2)} times across one standard deviation of {' and '.join(names)}"
    yield Evidence(
        numbers={
            "target": name,
            "features": " and ".join(names),
            "about": short(found.periods, 2),
            "periods": found.periods,
            "swings": found.swings,
            "predicted_by_near_rows_share": found.smooth,
            "angular_frequency": dict(zip(names, waves, strict=True)),
        },
        certainty=Certainty.ESTIMATED,
        severity=_severity(found.periods, many_periods, training, stuck=stuck_at_constant),
        why=f"Near rows agree, so it is no noise: they predict {percent(found.smooth)} of it. Gradient descent learns "
        "such fast swings last, if at all.",
        remedy=_remedy(names, waves),
        strength=min(found.periods / 10, 1.0),
        verdict=f"{name} swings about {swings}, and networks learn fast swings last: the loss is "
        f"{'that of a flat line' if stuck_at_constant else 'little below that of a straight line'}. "
        "Give the network sines and cosines of its input.",
    )


def _severity(periods: float, many: float, training: Training, *, stuck: bool) -> Severity:
    if training.never:
        # Nobody has tried yet, and some networks manage twice as many swings.
        return Severity.WARNING if periods >= UNTRIED * many else Severity.NOTE
    return Severity.ERROR if periods >= many and stuck else Severity.WARNING


def _learned(position: LossPosition) -> bool:
    """Whether the model does clearly better than any line."""
    line = position.constant if position.affine is None else min(position.affine, position.constant)
    return position.above(position.model) < STUCK * position.above(line)


def _fastest(features: Array, targets: Array) -> tuple[Oscillation | None, int]:
    """The target that swings fastest, of those in which near rows agree."""
    best: tuple[Oscillation | None, int] = (None, 0)
    for column in range(min(targets.shape[1], MOST_TARGETS)):
        y = targets[:, column]
        found = along_a_line(features[:, 0], y) if features.shape[1] == 1 else in_the_plane(features, y)
        if found is None or found.smooth < SMOOTH or (found.swings is not None and found.swings < AT_LEAST):
            continue
        if best[0] is None or found.periods > best[0].periods:
            best = (found, column)
    return best


def _remedy(names: list[str], waves: list[float]) -> Remedy:
    size = " and ".join(f"{wave:.3g}" for wave in waves)
    if len(names) == 1:
        wave, column = f"{waves[0]:.3g}", f"df[{quoted(names[0])}]"
        return Remedy(
            f"add sine and cosine of {names[0]} at about {wave} radians a unit as features, or draw a range of "
            "frequencies up to twice that",
            f"df = df.assign(sine=np.sin({wave} * {column}), cosine=np.cos({wave} * {column}))",
        )
    return Remedy(
        f"give the network random Fourier features, at about {size} radians a unit",
        f"waves = rng.normal(size=(2, 64)) * [[{waves[0]:.3g}], [{waves[1]:.3g}]]; "
        "x = np.concatenate([np.sin(x @ waves), np.cos(x @ waves)], axis=1)",
    )
