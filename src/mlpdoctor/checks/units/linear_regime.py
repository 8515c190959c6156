"""U403: a nonlinear network that is affine on the data."""

import math
from collections.abc import Iterator

from mlpdoctor.analysis.floors import least_squares
from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.text import percent, short
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.ladder.second_opinion import SecondOpinion
from mlpdoctor.facts.network.collapse import Collapse
from mlpdoctor.facts.training.rate_left import DescentSpeed
from mlpdoctor.facts.training.training import Training
from mlpdoctor.statistics.affine_factor import OutputFactor
from mlpdoctor.statistics.moments import OutputMoments
from mlpdoctor.statistics.unit_activity import PiecePatterns

NOTHING = 1e-9
"""A share of the output's variance below which rounding is all that bends."""


@check(
    "U403",
    Severity.WARNING,
    "on these rows the network is an affine function{pieces}: {bent} of its output bends",
    stage=Stage.FEATURES,
    about=Part.UNITS,
    disturbs=Part.LOSS,
    because="U401",
    untreatable="it says how the network behaves, not why; the causes named with it are treated",
)
def linear_regime(
    factor: OutputFactor,
    outputs: OutputMoments,
    patterns: PiecePatterns | None,
    collapse: Collapse,
    position: LossPosition | None,
    opinion: SecondOpinion | None,
    training: Training,
    speed: DescentSpeed | None,
    *,
    tolerated: float = 1e-4,
) -> Iterator[Evidence]:
    """A nonlinear network that is affine on these rows.

    Why it matters
        A ReLU bends only where its pre-activation changes sign, tanh only away from zero. If no row lies beyond a
        bend the network is one affine function on the data, and the best it does is linear regression. A ReLU
        net whose biases start from zero has all its bends at the origin; inputs between 0 and 1 never cross it.
    How to fix it
        Centre the inputs, start the biases at random so that the bends are spread over the data, or use tanh.
    When it stays silent
        Networks that are affine by construction (A101), constant outputs, data on which nothing known does better
        than a line, and too few rows to tell a bend. A note where the loss still falls readily when training
        goes on, is above that of the best constant, or has no best line that is known: then something else holds it.
    How sure
        Measured: the best affine fit to the network's own outputs on all rows. A single pattern of linear pieces
        would prove it.
    References
        Steinwart, A sober look at neural network initializations, 2019; Holzmuller and Steinwart, Training two-layer
        ReLU networks with gradient descent is inconsistent, 2020.
    """
    spread = float(outputs.squared.sum())
    moves = bool((outputs.high > outputs.low).any()) and 0 < spread < math.inf
    if collapse.linear_heads or not moves or factor.rows <= 2 * (factor.features + 1):
        return
    bent = sum(fit.value for fit in least_squares.fit(factor)) * factor.rows / spread
    enough = opinion is not None and not opinion.structure
    if bent > tolerated or enough or (position is not None and position.well):
        return
    number = None if patterns is None or patterns.overflow else len(patterns.patterns)
    pieces = (
        ""
        if number is None
        else f" (its units switch on and off in {number} {'pattern' if number == 1 else 'patterns'})"
    )
    affine = position.affine if position else None
    line = None if affine is None else short(affine)
    yield Evidence(
        numbers={
            "bent_share": bent,
            "bent": "none" if bent < NOTHING else percent(bent),
            "pieces": pieces,
            "patterns": number,
            "rows": factor.rows,
            "affine": affine,
            "model": position.model if position else None,
        },
        certainty=Certainty.PROVED if number == 1 else Certainty.MEASURED,
        severity=Severity.WARNING if _held(position, training, speed) else Severity.NOTE,
        why=(
            "No bend of any unit lies among the data, so every row goes through the same straight piece."
            if number == 1
            else "On these rows a straight function of the inputs gives the same output."
        )
        + (f" A straight line's loss is {line} at best." if line else ""),
        remedy=Remedy(
            "centre the inputs and start the biases at random, so that the bends spread over the data; or use tanh",
            'Dense(units, activation="relu", kernel_initializer="he_uniform", bias_initializer="random_normal")',
        ),
        explains=position.share(affine) if position and affine is not None and position.model >= affine else None,
        strength=1.0 - min(bent / tolerated, 1.0),
        verdict="The network has nonlinear units, but on these rows it predicts a straight line"
        + (f", whose loss is {line} at best." if line else "."),
    )


def _held(position: LossPosition | None, training: Training, speed: DescentSpeed | None) -> bool:
    """Whether it can be the missing bends that hold the loss.

    Not while it falls, and not above the best constant: a line, which every such network can be, does better.
    """
    if training.never or (speed is not None and speed.falls):
        return False
    return position is None or (position.affine is not None and position.model <= position.constant)
