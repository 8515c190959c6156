"""How the network does on rows that it was not trained on, beside a constant and a line that were not fitted to them.

The second ladder: coefficients from the rows trained on, losses from the others. What decides is paired, row by row, so
that rows which are hard for everything blur nothing.
"""

import math

import numpy as np

from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Certainty, Remedy, Severity
from mlpdoctor.core.ladder import Ladder, Rung, UnseenLadder
from mlpdoctor.core.network import Array
from mlpdoctor.facts.ladder.linear_floor import ConstantFloor, LinearFloor
from mlpdoctor.facts.ladder.model_loss import ModelLoss, Objective, Perfection
from mlpdoctor.facts.outputs.heads import read_by
from mlpdoctor.facts.training.training import Trained
from mlpdoctor.nn.losses.convex import ConvexLoss
from mlpdoctor.statistics.rows import CLEAR, RowSample
from mlpdoctor.statistics.views import Rows

FEWEST = 30
"""With fewer unseen rows the error bar is as uncertain as the loss: nothing is said."""
WORTH = 0.05
"""A model worse than a line by less than a twentieth of the constant's loss is as good as one to a reader."""
WIDE = 0.25
"""A gap of a quarter of all that the inputs could explain is what more rows or an earlier stop would bring back."""
TWICE = 2.0
"""And nobody calls a loss half as high again on new rows memorised."""
LIKE = 0.1
"""A model within a tenth of the constant's loss of what it does on the rows trained on does as well on the others."""
OVERFITTED = Remedy(
    "stop where the loss on rows kept aside is lowest; more rows, fewer units, dropout or weight decay help, too",
    "model.fit(x, y, validation_split=0.2, epochs=epochs, callbacks=[keras.callbacks.EarlyStopping("
    '"val_loss", patience=20, restore_best_weights=True)])',
)


@dataclass(frozen=True, eq=False)
class Unseen:
    """Rows that the network was not trained on.

    Attributes:
        objective: the outputs with their losses beside these rows; why there is none.
        sample: of the rows.
        told: which rows they are, in words.
        last: whether they are the last rows of a table, set aside unshuffled.
        shuffled: whether they were drawn at random out of one.
    """

    objective: Objective | Absent
    sample: RowSample
    told: str
    last: bool = False
    shuffled: bool = False


@dataclass(frozen=True)
class Generalisation:
    """Losses on unseen rows, totals over outputs, each a mean over rows with its standard error.

    Attributes:
        ladder: of the unseen rows; its rungs are ``constant``, ``affine`` and ``model``, as far as they are known.
        trained_on: rows that the network was trained on.
        seen: the model's loss on these.
        rival: the better of the constant and the line on unseen rows; None where neither is known.
        excess: how far the model is above it, on average over the rows.
        excess_error: standard error of that, paired by rows.
        useless: whether it is above the constant, beyond doubt by chance and by a difference.
        gap: the model's loss on unseen rows minus that on the rows trained on.
        gap_error: standard error of that, from both.
        span: from perfect answers to the constant, on the rows on which that is less: where the unseen rows are others
            the constant is far off on them, and no measure of anything.
        perfect: loss of perfect answers, on the rows trained on.
    """

    ladder: UnseenLadder
    trained_on: int
    seen: float
    rival: Rung | None
    excess: float
    excess_error: float
    useless: bool
    gap: float
    gap_error: float
    span: float
    perfect: float

    @property
    def model(self) -> float:
        """The model's loss on unseen rows."""
        return self.ladder.ladder.value("model") or 0.0

    @property
    def enough(self) -> bool:
        """Whether there are rows enough to tell anything."""
        return self.ladder.rows >= FEWEST

    @property
    def clear(self) -> bool:
        """Whether the model does worse on unseen rows than on those trained on, beyond doubt by chance."""
        return self.enough and _more(self.gap, self.gap_error, self.span)

    @property
    def beaten(self) -> bool:
        """Whether a line or a constant does better on unseen rows, beyond doubt by chance, and by a difference."""
        return self.rival is not None and _more(self.excess, self.excess_error, self.span)

    @property
    def severity(self) -> Severity | None:
        """How grave the gap is: an error where a constant would do better on new rows; None where it is no fault."""
        if not self.clear:
            return None
        if self.beaten:
            return Severity.ERROR if self.useless else Severity.WARNING
        wide = self.gap > WIDE * self.span and self.model - self.perfect > TWICE * (self.seen - self.perfect)
        return Severity.WARNING if wide else None

    @property
    def as_well(self) -> bool:
        """Whether the model was seen to do about as well on unseen rows, and no worse than line and constant."""
        near = self.gap + CLEAR * self.gap_error <= LIKE * self.span
        return self.enough and near and (self.rival is None or self.excess <= 0)


@fact
def generalisation(
    objective: Objective,
    unseen: Unseen,
    constant: ConstantFloor,
    linear: LinearFloor | None,
    model: ModelLoss,
    perfect: Perfection,
    ladder: Ladder,
    sample: RowSample,
    trained: Trained,  # noqa: ARG001  weights that nobody has trained have seen no row
) -> Generalisation | Absent:
    """Run the unseen rows through the network, the constant and the line."""
    other = unseen.objective
    if isinstance(other, Absent):
        return other
    if other.passes.engine is None:
        return Absent("the network cannot be run on unseen rows")
    fits = {"constant": constant.fits} | ({} if linear is None else {"affine": linear.fits})
    known = {name: own for name, own in fits.items() if all(fit.coefficients for fit in own)}

    def losses(rows: Rows) -> Array:
        """One column for the model, and one for each that is known; shape (rows, columns)."""
        lines = [_of_lines(other, tuple(fit.coefficients for fit in own), rows) for own in known.values()]
        return np.stack([_of_model(other, rows), *lines], axis=1)

    with np.errstate(all="ignore"):
        found = np.concatenate(other.passes.kept(losses))
        few = sample.few
        numbers = np.zeros(len(few.features))
        before = _of_model(objective, Rows(few.features, few.targets, numbers, few.weights))
    if not (np.isfinite(found).all() and math.isfinite(model.total) and np.isfinite(before).all()):
        return Absent("a loss on unseen rows is not a number")
    means, errors = zip(*(_mean(column) for column in found.T), strict=True)
    labels = {rung.name: rung.label for rung in ladder.rungs}
    rungs = {
        name: _rung(name, labels[name], means[place], errors[place]) for place, name in enumerate(("model", *known))
    }
    best = min(known, key=lambda name: rungs[name].value, default=None)
    behind = {name: _mean(found[:, 0] - found[:, 1 + place]) for place, name in enumerate(known)}
    excess, excess_error = behind[best] if best is not None else (0.0, math.inf)
    gap_error = float(np.hypot(errors[0], before.std() / math.sqrt(objective.rows)))
    gap = means[0] - model.total
    top = objective.total(tuple(fit.value for fit in constant.fits))
    top = min(top, rungs["constant"].value) if "constant" in rungs else top
    span = max(top - perfect.total, 0.0)
    shown = [rungs[name] for name in ("constant", "affine", "model") if name in rungs]
    return Generalisation(
        ladder=UnseenLadder(
            rows=other.rows,
            told=unseen.told,
            ladder=Ladder(ladder.loss, tuple(shown), perfect=perfect.total),
            gap=gap,
            gap_error=gap_error,
        ),
        trained_on=objective.rows,
        seen=model.total,
        rival=None if best is None else rungs[best],
        excess=excess,
        excess_error=excess_error,
        useless="constant" in behind and _more(*behind["constant"], span),
        gap=gap,
        gap_error=gap_error,
        span=span,
        perfect=perfect.total,
    )


def _mean(values: Array) -> tuple[float, float]:
    """The mean and its standard error."""
    error = float(values.std(ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else math.inf
    return float(values.mean()), error


def _more(difference: float, error: float, span: float) -> bool:
    """Whether a difference is none of chance, and large enough for a reader."""
    return difference > max(CLEAR * error, WORTH * span)


def _rung(name: str, label: str, value: float, error: float) -> Rung:
    fitted = "the saved weights" if name == "model" else "fitted to the rows trained on"
    return Rung(name, label, value, value, Certainty.MEASURED, fitted, error if math.isfinite(error) else None)


def _of_model(objective: Objective, rows: Rows) -> Array:
    """The whole loss of the saved weights on each row, shape (rows,)."""
    engine, heads = objective.passes.engine, objective.heads
    if engine is None:
        raise ValueError("the network cannot be run")
    values = heads.values(rows.targets, read_by(heads.heads, engine, rows.features, objective.passes.block_rows))
    return _total(objective, values, rows)


def _of_lines(objective: Objective, lines: tuple[tuple[tuple[float, ...], ...], ...], rows: Rows) -> Array:
    """The same of predictors with these coefficients, one group of them a part; a constant's have no slopes."""
    from mlpdoctor.analysis.floors.newton import predictors

    values = []
    for part, coefficients in zip(objective.parts, lines, strict=True):
        table = np.array(coefficients)
        z = table[:, 0] + rows.features[:, : table.shape[1] - 1] @ table[:, 1:].T
        targets = part.targets(rows.targets)
        if isinstance(part.loss, ConvexLoss):
            values.append(part.loss.at(part.loss.frame(targets), predictors(part.loss, z)))
        else:
            values.append(part.loss.values(targets, z)[:, 0])
    return _total(objective, np.stack(values, axis=1), rows)


def _total(objective: Objective, values: Array, rows: Rows) -> Array:
    """Each row's losses, shape (rows, parts), as one number that counts as much as the row does."""
    whole: Array = values @ np.array([part.weight for part in objective.parts])
    return whole if rows.weights is None else whole * rows.weights
