"""G606: training has come to rest above what is possible."""

import math
from collections.abc import Iterator

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Draws, Evidence, Remedy, Severity
from mlpdoctor.core.text import count, short
from mlpdoctor.engine.training import Trial
from mlpdoctor.facts.ladder.architecture_floor import ArchitectureFloor
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.training.gradients import Gradients, norm
from mlpdoctor.facts.training.rate_left import DescentSpeed
from mlpdoctor.facts.training.training_options import TrainingOptions

FACTORS = (0.1, 1.0, 10.0, 100.0)
ON_IT = 0.05
"""A model within a twentieth of the gap of a proved floor is held by that, and needs no other reason."""
RISE = 0.1
"""A loss that climbs by a tenth of the gap does not follow the gradient."""


@check(
    "G606",
    Severity.WARNING,
    "the gradient is {gradient_shown}, and no learning rate from {least_shown} to {most_shown} brings the loss below "
    "{lowest_shown}",
    stage=Stage.OUTCOME,
    about=Part.UNITS,
    because="A101 A102 A103 A104 A105 A106 D714 G605 L505 L507 U405",
    names=("local minimum", "a vanishing gradient"),
    untreatable="it says that training rests, not why; fresh weights, another optimizer and another rate are tried",
)
def stationary_point(
    position: LossPosition,
    speed: DescentSpeed,
    gradients: Gradients,
    floor: ArchitectureFloor | None,
    options: TrainingOptions | None,
    *,
    flat: float = 0.02,
    level: float = 1.0,
) -> Iterator[Evidence]:
    """Training that has come to rest above every floor: a plateau, a saddle or a local minimum.

    Why it matters
        Where the gradient is zero no step leads anywhere, however long it is: more epochs, another rate and another
        optimizer all start from the same standstill. In a network without a fault that is a local minimum, which
        narrow networks have many of, or a plateau of units that do not differ or no longer react.
    How to fix it
        Start again from other weights (another seed), with more units; fix dead, saturated or equal units where
        they are named.
    When it stays silent
        Models that have come nine tenths of the way to what is known to be reachable; those that rest on a proved
        floor of their architecture, whose minimum this is; models that any rate from a tenth to a hundred times the
        saved one brings further down, unless it throws them out over a rise of the loss, as a fresh start would; and
        those that four times as many updates, or Adam in place of plain descent, bring down.
    How sure
        Tried: the training was taken up at four rates for up to 100 updates each, and no trial closed more than a
        fiftieth of what is left. The gradient is that of the loss with all penalties, on a sample of the rows,
        times the length of the weights: what moving them by their own length would change, were the loss a straight
        line. A hundred updates do not tell a plateau with a far end from a minimum.
    """
    if floor is not None and position.model - floor.total <= ON_IT * speed.gap:
        return
    total = gradients.total
    steepness = norm(total) * speed.size / speed.gap
    if not math.isfinite(steepness) or steepness > level:
        return
    trials = [(factor, speed.continuation.at(factor)) for factor in FACTORS]
    if any(speed.share(trial) > flat and not _thrown(trial, speed) for _, trial in trials):
        return
    if any(speed.sure_share(trial) > 2 * flat for trial in _longer(speed, options)):
        return
    best = max((trial for _, trial in trials if not _thrown(trial, speed)), key=lambda trial: trial.gain)
    lowest = min(best.before, best.after)
    rates = [speed.continuation.rate * factor for factor in FACTORS]
    done = "" if speed.updates is None else f" after {count(speed.updates, 'update')}"
    yield Evidence(
        numbers={
            "gradient_shown": short(norm(total), 2),
            "least_shown": f"{rates[0]:.2g}",
            "most_shown": f"{rates[-1]:.2g}",
            "lowest_shown": short(lowest),
            "steepness": steepness,
            "gradient": norm(total),
            "gradient_error": gradients.error,
            "rates": tuple(rates),
            "losses_after": tuple(trial.after if trial.finite else None for _, trial in trials),
            "before": best.before,
            "updates_of_each": best.updates,
        },
        certainty=Certainty.TRIED,
        severity=Severity.WARNING,
        why=f"{best.updates} training steps at each of {len(rates)} learning rates brought the loss to "
        f"{short(lowest)} at best; these data are known to allow {short(position.reach)}.",
        remedy=Remedy(
            "start again from other weights (another seed); if that ends here too, use twice the units",
            "keras.utils.set_random_seed(1); model = keras.models.clone_model(model)  # then compile and fit",
            Draws(),
        ),
        strength=min(position.shortfall, 1.0),
        verdict=f"Training has come to rest{done}: at a loss of {short(position.model)} the gradient is next to "
        f"zero, and none of {len(rates)} learning rates brings it below {short(lowest)}. It is a plateau or a local "
        "minimum: these data allow less.",
    )


def _longer(speed: DescentSpeed, options: TrainingOptions | None) -> Iterator[Trial]:
    """Trials four times as long, one after the other: a slow start looks like a plateau."""
    yield speed.continuation.longer()
    adam = None if options is None else options.adam(longer=True)
    if adam is not None:
        yield adam.trial


def _thrown(trial: Trial, speed: DescentSpeed) -> bool:
    """Whether the loss rose on the way: that rate did not lead down, it left for somewhere else."""
    return not trial.finite or max(trial.path) - trial.before > RISE * speed.gap
