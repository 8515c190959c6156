"""U404: a prediction that does not depend on the input."""

from collections.abc import Iterator

from mlpdoctor.core.check import Part, Role, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Network
from mlpdoctor.core.text import listing, recompiled, short
from mlpdoctor.facts.history.training_curve import TrainingCurve
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.outputs.constant_words import how_flat, own_loss_at_the_mean, verdict, why
from mlpdoctor.facts.outputs.prediction_spread import OutputVariance, PredictionVariance
from mlpdoctor.facts.training.training import Training
from mlpdoctor.facts.training.training_options import TrainingOptions
from mlpdoctor.statistics.unit_activity import Firing
from mlpdoctor.statistics.views import PerLayer

BESIDE_THE_LINE = 0.2
"""Where no loss tells how the model does: predictions that vary by less than a fifth of what the best line's do."""


@check(
    "U404",
    Severity.ERROR,
    "{outputs} {hardly} on the input: {spread}",
    stage=Stage.OUTCOME,
    about=Part.LOSS,
    because="D704 G606",
    role=Role.SYMPTOM,
)
def constant_output(
    network: Network,
    seen: PredictionVariance,
    position: LossPosition | None,
    training: Training,
    firing: PerLayer[Firing] | None,
    curve: TrainingCurve | None,
    options: TrainingOptions | None,
    *,
    tolerated: float = 0.01,
) -> Iterator[Evidence]:
    """A prediction that does not depend on the input.

    Why it matters
        Predictions that vary by a hundredth of what the targets do can save no more than a fiftieth of the squared
        loss, whichever way they vary. Such a network has lost its inputs on the way: units are dead or saturated,
        weights have gone to zero, or training has settled on the one prediction that is best for all rows.
    How to fix it
        Look at the causes named with it, layer by layer from the input on. If there are none, see that the inputs in
        training are not all alike, and train again from new weights with a smaller rate.
    When it stays silent
        Targets that are constant themselves (D711). Models that have not been trained, unless a layer is dead on all
        rows, so that no gradient would change the prediction. A note on data in which nothing better than a constant is
        known. Where the loss is unknown the best line must explain a tenth of the targets' variance.
    How sure
        Measured: the predictions for all rows; the spread of the targets on up to 32,768 of them.
    """
    flat = [part for part in seen.parts if part.ratio <= max(tolerated, BESIDE_THE_LINE * (part.line or 0.0))]
    silent = [name for name, units in (firing or {}).items() if bool(units.dead.all())]
    stuck = bool(silent) and all(part.exact for part in seen.parts)
    if not flat or (training.never and not stuck):
        return
    everything = len(flat) == len(seen.parts)
    names = "the prediction" if len(seen.parts) == 1 else listing([part.name for part in flat])
    worst = max(part.ratio for part in flat)
    yield Evidence(
        numbers={
            "outputs": names,
            "hardly": "hardly depends" if len(seen.parts) == 1 or len(flat) == 1 else "hardly depend",
            "spread": how_flat(worst),
            "spread_share": worst,
            "answer": flat[0].answer,
            "flat": len(flat),
            "of": len(seen.parts),
            "exact": all(part.exact for part in flat),
            "updates": training.updates,
        },
        certainty=Certainty.MEASURED,
        severity=_severity(flat, position, everything=everything),
        why=why(network, flat, position, silent, curve),
        remedy=_remedy(network, flat, silent, options),
        strength=max(1.0 - worst / tolerated, 0.0) if tolerated else 1.0,
        verdict=verdict(network, flat, position, names, everything=everything),
    )


def _severity(flat: list[OutputVariance], position: LossPosition | None, *, everything: bool) -> Severity:
    if position is not None and position.near:
        return Severity.NOTE
    if any(part.line is not None for part in flat):
        return Severity.WARNING  # a loss that nobody knows may ask for something else than these targets
    if everything:
        return Severity.ERROR
    return Severity.WARNING if any(part.known for part in flat) else Severity.NOTE


def _remedy(network: Network, flat: list[OutputVariance], silent: list[str], options: TrainingOptions | None) -> Remedy:
    if silent:
        return Remedy(f"re-initialise {silent[0]}, with he_uniform")
    if own_loss_at_the_mean(network, flat[0]):
        return Remedy(
            "give predictions and targets one shape in the loss function; --loss mse tells more of this model",
            "y_true = keras.ops.reshape(y_true, keras.ops.shape(y_pred))",
        )
    if options is not None and options.best() is not None:
        return options.remedy("train on")
    optimizer = network.optimizer
    rate = None if optimizer is None else optimizer.learning_rate
    text = "train from scratch with a lower learning rate"
    if optimizer is None or rate is None:
        return Remedy(text)
    return Remedy(text, recompiled(optimizer.name, short(rate / 10, 2).replace(",", "")))
