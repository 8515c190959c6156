"""The loss ladder of this model on these data, put together from its rungs."""

from mlpdoctor.fact import fact
from mlpdoctor.facts.architecture_floor import ArchitectureFloor
from mlpdoctor.facts.conflict_floor import ConflictFloor
from mlpdoctor.facts.heads import Heads
from mlpdoctor.facts.linear_floor import ConstantFloor, LinearFloor
from mlpdoctor.facts.model_loss import ModelLoss
from mlpdoctor.facts.training import Training
from mlpdoctor.finding import Certainty
from mlpdoctor.floors.linear_fit import LinearFit
from mlpdoctor.ladder import Ladder, Rung, standing
from mlpdoctor.stream import Passes
from mlpdoctor.wording import equation, listing, short

EQUATION_FEATURES = 3
"""Up to so many features the best line is written out; longer equations are for programs, in the JSON."""


@fact
def ladder(
    heads: Heads,
    constant: ConstantFloor,
    linear: LinearFloor,
    conflicts: ConflictFloor,
    training: Training,
    passes: Passes,
    model: ModelLoss | None,
    architecture: ArchitectureFloor | None,
) -> Ladder:
    """All rungs from the top down, and the one the model stands on."""
    features, targets = passes.dataset.feature_names, passes.dataset.target_names
    rungs = [
        _fitted("constant", "best constant", heads, constant.fits, _constants(constant.fits, targets)),
        _fitted("affine", _line(features), heads, linear.fits, _equations(linear.fits, features, targets)),
    ]
    if model is not None:
        rungs.append(
            Rung(
                name="model",
                label="your model",
                value=model.total,
                lower=model.total,
                certainty=Certainty.MEASURED,
                witness="the saved weights, on all rows",
                per_output=model.per_output,
            )
        )
    if architecture is not None:
        total = heads.total(architecture.per_output)
        rungs.append(
            Rung(
                name="architecture",
                label="this architecture",
                value=total,
                lower=total,
                certainty=Certainty.PROVED,
                witness=f"no weights go below: {architecture.reason}",
                per_output=architecture.per_output,
            )
        )
    rungs.append(_data(conflicts))
    on, digits = (None, None) if training.never else standing(tuple(rungs))
    return Ladder(heads.label, tuple(rungs), on, digits)


def _fitted(name: str, label: str, heads: Heads, fits: tuple[LinearFit, ...], witness: str) -> Rung:
    return Rung(
        name=name,
        label=label,
        value=heads.total(tuple(fit.value for fit in fits)),
        lower=heads.total(tuple(fit.lower for fit in fits)),
        certainty=Certainty.PROVED,
        witness=witness,
        per_output=tuple(fit.value for fit in fits),
        coefficients=tuple((fit.intercept, *fit.slopes) for fit in fits),
    )


def _data(conflicts: ConflictFloor) -> Rung:
    found = conflicts.conflicts
    if not found.groups:
        witness = "no two rows with equal inputs differ in their target"
    else:
        witness = f"{found.rows:,} rows in {found.groups:,} groups have equal inputs and different targets"
    if not found.complete:
        witness += ", among the groups looked at"
    return Rung("data", "these data", conflicts.total, conflicts.total, Certainty.PROVED, witness, found.floors)


def _line(features: tuple[str, ...]) -> str:
    return {1: "best straight line", 2: "best plane"}.get(len(features), "best linear fit")


def _constants(fits: tuple[LinearFit, ...], targets: tuple[str, ...]) -> str:
    return listing([f"{name} = {short(fit.intercept)}" for name, fit in zip(targets, fits, strict=True)])


def _equations(fits: tuple[LinearFit, ...], features: tuple[str, ...], targets: tuple[str, ...]) -> str:
    if len(features) > EQUATION_FEATURES:
        return f"linear regression on {len(features)} features"
    return listing([equation(y, fit.intercept, fit.slopes, features) for y, fit in zip(targets, fits, strict=True)])
