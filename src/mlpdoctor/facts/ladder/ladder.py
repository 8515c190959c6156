"""The loss ladder of this model on these data, put together from its rungs."""

from collections.abc import Iterable

from mlpdoctor.analysis.floors.least_squares import LinearFit
from mlpdoctor.core.check import fact
from mlpdoctor.core.finding import Certainty
from mlpdoctor.core.ladder import Ladder, Penalty, Rung, standing
from mlpdoctor.core.text import count, equation, listing, percent, short
from mlpdoctor.facts.ladder.architecture_floor import ArchitectureFloor
from mlpdoctor.facts.ladder.data_floors import ConflictFloor, NoiseEstimate
from mlpdoctor.facts.ladder.linear_floor import ConstantFloor, LinearFloor
from mlpdoctor.facts.ladder.model_loss import ModelLoss, Objective, Perfection
from mlpdoctor.facts.ladder.readout import ReadoutFloor
from mlpdoctor.facts.training.training import Training
from mlpdoctor.nn.losses.loss import Loss

EQUATION_FEATURES = 3
"""Up to so many features the best line is written out; longer equations are for programs, in the JSON."""
OPEN = 1e-6
"""Share of itself by which a loss may be above a perfect one for the two to be one."""
MEANT = 1e-9
"""A share of the constant's loss below which entropy of soft labels is rounding."""


@fact
def ladder(
    objective: Objective,
    constant: ConstantFloor,
    conflicts: ConflictFloor,
    perfect: Perfection,
    training: Training,
    linear: LinearFloor | None,
    model: ModelLoss | None,
    readout: ReadoutFloor | None,
    architecture: ArchitectureFloor | None,
    noise: NoiseEstimate | None,
    penalty: Penalty | None,
) -> Ladder:
    """All rungs from the top down, and the one the model stands on."""
    names = objective.passes.dataset
    rungs = [
        _fitted(
            "constant",
            _constant(objective),
            objective,
            constant.fits,
            perfect,
            _constants(constant, names.target_names),
        )
    ]
    if linear is not None:
        witness = _equations(linear, names.feature_names, names.target_names)
        rungs.append(_fitted("affine", linear.model, objective, linear.fits, perfect, witness))
    if model is not None:
        measured = "the saved weights, on all rows"
        rungs.append(
            Rung("model", "your model", model.total, model.total, Certainty.MEASURED, measured, None, model.per_part)
        )
    if readout is not None:
        rungs.append(_readout(objective, readout))
    if architecture is not None:
        rungs.append(_architecture(architecture))
    if noise is not None:
        rungs.append(_noise(noise))
    rungs.append(_data(conflicts, perfect))
    on, digits = (None, None) if training.never else standing(tuple(rungs), perfect.total)
    parts = tuple(part.name for part in objective.parts)
    return Ladder(objective.heads.label, tuple(rungs), on, digits, perfect.total, parts, penalty)


def _constant(objective: Objective) -> str:
    """What a prediction that ignores the inputs is, in the user's words: for squares it is the mean."""
    best = {part.loss.best_constant for part in objective.parts}
    return f"always predicting {best.pop() if len(best) == 1 else Loss.best_constant}"


def _fitted(
    name: str, label: str, objective: Objective, fits: tuple[LinearFit, ...], perfect: Perfection, witness: str
) -> Rung:
    """A fit that is known to be reached and of which nothing but a perfect answer is known to be lower is no proof."""
    value = objective.total(tuple(fit.value for fit in fits))
    lower = objective.total(tuple(fit.lower for fit in fits))
    closed = lower > perfect.total or value - perfect.total <= OPEN * max(abs(value), abs(perfect.total))
    if not all(fit.attained for fit in fits):
        witness += "; approached, never reached, as its coefficients grow"
    return Rung(
        name=name,
        label=label,
        value=value,
        lower=lower,
        certainty=Certainty.PROVED if closed else Certainty.MEASURED,
        witness=witness,
        per_part=tuple(fit.value for fit in fits),
        coefficients=tuple(row for fit in fits for row in fit.coefficients),
    )


def _readout(objective: Objective, found: ReadoutFloor) -> Rung:
    features = listing([f"{width:,}" for width in found.features])
    seen = "" if found.share >= 1 else f", estimated on {percent(found.share)} of the rows"
    return Rung(
        name="readout",
        label="best last layer",
        value=objective.total(found.per_part),
        lower=objective.total(found.lower),
        certainty=Certainty.PROVED if found.share >= 1 else Certainty.ESTIMATED,
        witness=f"the saved hidden features ({features}) with the best last layer for them{seen}",
        per_part=found.per_part,
    )


def _architecture(found: ArchitectureFloor) -> Rung:
    return Rung(
        name="architecture",
        label="lowest this network can reach",
        value=found.total,
        lower=found.total,
        certainty=found.certainty,
        witness=f"{found.reason}, whatever its weights{'' if found.doubt is None else f', {found.doubt}'}",
        per_part=found.per_part,
    )


def _noise(found: NoiseEstimate) -> Rung:
    return Rung(
        name="noise",
        label="probably noise",
        value=found.total,
        lower=max(found.total - 2 * found.error, 0.0),
        certainty=Certainty.ESTIMATED,
        witness=f"{found.method}, on {count(found.rows, 'row')}",
        error=found.error,
        per_part=found.per_part,
    )


def _data(conflicts: ConflictFloor, perfect: Perfection) -> Rung:
    found = conflicts.conflicts
    if not found.groups:
        witness = "no two rows with equal inputs differ in their target"
    else:
        witness = f"{found.rows:,} rows in {found.groups:,} groups have equal inputs and different targets"
    if not found.complete:
        witness += ", among the groups looked at"
    if abs(perfect.total) > MEANT * abs(conflicts.total):
        witness += f"; even a perfect prediction of each row costs {short(perfect.total)}"
    return Rung(
        "data",
        "lowest possible on this data",
        conflicts.total,
        conflicts.total,
        Certainty.PROVED,
        witness,
        None,
        conflicts.per_part,
    )


def _constants(found: ConstantFloor, targets: tuple[str, ...]) -> str:
    if len(found.answers) == 1 and len(found.answers[0]) > 1:
        return f"always predicting {listing([short(value, 3) for value in found.answers[0]])}"
    answers: Iterable[float] = (answer[0] for answer in found.answers if len(answer) == 1)
    named = list(zip(targets, answers, strict=False))
    return listing([f"{name} = {short(value)}" for name, value in named]) or "one prediction for all rows"


def _equations(linear: LinearFloor, features: tuple[str, ...], targets: tuple[str, ...]) -> str:
    plain = "line" in linear.model or "plane" in linear.model or "linear" in linear.model
    if not plain or len(features) > EQUATION_FEATURES or len(linear.fits) != len(targets):
        return f"{linear.model.removeprefix('best ')} on {count(len(features), 'feature')}"
    return listing([equation(y, f.intercept, f.slopes, features) for y, f in zip(targets, linear.fits, strict=True)])
