"""D714: a target that swings faster than gradient descent learns."""

import math
from collections.abc import Iterator

from mlpdoctor.analysis.floors.oscillation import Oscillation
from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.text import percent, quoted, short
from mlpdoctor.engine.passes import Passes
from mlpdoctor.facts.ladder.loss_position import AT_THE_CONSTANT, LossPosition
from mlpdoctor.facts.ladder.unlearned_swings import UnlearnedSwings
from mlpdoctor.facts.training.training import Training

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
    unlearned: UnlearnedSwings,
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
    How to fix it
        Give the network the waves: sine and cosine of the input at the frequency found, or random Fourier features,
        or a first layer with sine activation. More units or more epochs help little.
    When it stays silent
        Three or more features that vary; ids, and inputs that the model turns into something else before its first
        Dense layer; noise, for near rows must agree or one wave must fit; up to three periods across evenly spread
        inputs; models that have learned it. Where none of this can be measured nothing is ruled out.
    How sure
        Estimated: swings of a smoothed target on a sample of the rows, or in the plane the distance at which rows are
        no longer alike. Measured where rows lie too far apart to agree: the wave that fits best (Lomb's periodogram),
        if it fits noise so well in fewer than one of a thousand files.
    References
        Lomb, Least-squares frequency analysis of unequally spaced data, 1976.
        Rahaman et al., On the spectral bias of neural networks, 2019; Tancik et al., Fourier features let networks
        learn high frequency functions in low dimensional domains, 2020.
    """
    swings = unlearned.swings
    found = swings.found
    if found is None or found.periods < tolerated_periods:
        return
    line = position.constant if position.affine is None else position.affine
    names = [passes.dataset.feature_names[k] for k in swings.columns]
    waves = [2 * math.pi * found.periods / spread for spread in swings.spread]
    name = passes.dataset.target_names[swings.target]
    stuck = position.of_constant(position.model) >= AT_THE_CONSTANT
    across = f"{short(found.periods, 2)} times across one standard deviation of {' and '.join(names)}"
    flat = _place(position.of_constant(position.model))
    repeats = "" if found.period is None else f" (it repeats every {short(found.period, 3)})"
    yield Evidence(
        numbers={
            "target": name,
            "features": " and ".join(names),
            "about": short(found.periods, 2),
            "periods": found.periods,
            "swings": found.swings,
            "period": found.period,
            "predicted_share": found.smooth,
            "angular_frequency": dict(zip(names, waves, strict=True)),
        },
        certainty=Certainty.ESTIMATED if found.period is None else Certainty.MEASURED,
        severity=_severity(found.periods, many_periods, training, stuck=stuck),
        why=f"It is no noise: {_by(found)} {percent(found.smooth)} of its variance. Gradient descent learns such fast "
        "swings last, if at all.",
        remedy=_remedy(names, waves, found.period),
        explains=None if training.never else position.share(min(line, position.model)),
        strength=min(found.periods / 10, 1.0),
        verdict=f"{name} swings about {across}{repeats}, and networks learn fast swings last. The loss is {flat}. "
        "Give the network sines and cosines of its input.",
    )


def _place(share: float) -> str:
    """Where the loss is, beside that of a flat line."""
    if share > 2 - AT_THE_CONSTANT:
        return "above that of a flat line"
    return "that of a flat line" if share >= AT_THE_CONSTANT else f"{percent(1 - share)} below that of a flat line"


def _by(found: Oscillation) -> str:
    return "near rows predict" if found.period is None else "a single wave predicts"


def _severity(periods: float, many: float, training: Training, *, stuck: bool) -> Severity:
    if training.never:
        # Nobody has tried yet, and some networks manage twice as many swings.
        return Severity.WARNING if periods >= UNTRIED * many else Severity.NOTE
    return Severity.ERROR if periods >= many and stuck else Severity.WARNING


def _remedy(names: list[str], waves: list[float], period: float | None) -> Remedy:
    size = " and ".join(f"{wave:.3g}" for wave in waves)
    if len(names) == 1:
        wave, column = f"{waves[0]:.3g}", f"df[{quoted(names[0])}]"
        also = "draw a range of frequencies up to twice that" if period is None else f"{names[0]} modulo {period:.4g}"
        return Remedy(
            f"add sine and cosine of {names[0]} at about {wave} radians a unit as features, or {also}",
            f"df = df.assign(sine=np.sin({wave} * {column}), cosine=np.cos({wave} * {column}))",
        )
    return Remedy(
        f"give the network random Fourier features, at about {size} radians a unit",
        f"waves = rng.normal(size=(2, 64)) * [[{waves[0]:.3g}], [{waves[1]:.3g}]]; "
        "x = np.concatenate([np.sin(x @ waves), np.cos(x @ waves)], axis=1)",
    )
