"""How often one number, rounded, is the right class, and how often a unit for each class would be."""

import numpy as np

from mlpdoctor.analysis.floors.ridge import Ridge
from mlpdoctor.core.check import Absent, dear_fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Network
from mlpdoctor.core.text import percent
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.ladder.readout import hidden_source
from mlpdoctor.facts.ladder.second_opinion import LEAST_ROWS, out_of_fold, standardised
from mlpdoctor.facts.ladder.unseen_readout import hidden_and_read
from mlpdoctor.facts.outputs.contract import Contract
from mlpdoctor.facts.outputs.labels import Kind
from mlpdoctor.statistics.rows import RowSample


@dataclass(frozen=True)
class ClassAccuracy:
    """Shares of the sampled rows.

    Attributes:
        rounded: whose prediction is nearer to their class number than to any other.
        most_common: of the most common class: what always predicting it gets.
        by_units: that a linear classifier on the same last hidden features gets right, by least squares with a unit for
            each class, fitted to other rows.
        error: standard error of ``by_units - rounded``.
        rows: in the sample.
    """

    rounded: float
    most_common: float
    by_units: float
    error: float
    rows: int

    @property
    def words(self) -> str:
        """All of it in a sentence."""
        said = (
            f"Rounded to the nearest class the predictions are right on {percent(self.rounded)} of the rows "
            f"({percent(self.most_common)} are of the most common class)"
        )
        if self.by_units - self.rounded <= 2 * self.error:
            return f"{said}."
        return (
            f"{said}; a unit for each class, on the same last hidden layer, is right on {percent(self.by_units)} of "
            "rows it was not fitted to."
        )


@dear_fact("fitting a unit for each class")
def class_accuracy(
    network: Network, contract: Contract, objective: Objective, sample: RowSample
) -> ClassAccuracy | Absent:
    """Round, and cross-validate least squares on one-hot classes (Hastie and others, Elements, section 4.2)."""
    heads, clauses = objective.heads.heads, contract.clauses
    if len(heads) != 1 or len(clauses) != 1 or heads[0].units != 1 or clauses[0].labels is None:
        return Absent("there is more than one unit, or no data", applicable=False)
    labels = clauses[0].labels
    if labels.kind not in (Kind.CLASSES, Kind.SHIFTED) or labels.values is None or labels.columns != 1:
        return Absent("the targets are no class numbers", applicable=False)
    sample = sample.few
    if len(sample.features) < LEAST_ROWS:
        return Absent(f"{len(sample.features)} rows are too few to judge by cross-validation")
    source = hidden_source(network, heads[0]) or 0
    with np.errstate(all="ignore"):
        (shown,), read = hidden_and_read(objective, sample.features, [source])
    if not np.isfinite(read).all() or not np.isfinite(shown).all():
        return Absent("the model's predictions are not finite")
    values = np.array(labels.values)
    own = np.abs(heads[0].targets(sample.targets) - values).argmin(axis=1)
    rounded = np.abs(read - values).argmin(axis=1) == own
    design, ones = standardised(shown), np.eye(len(values))[own]
    found = out_of_fold(len(own), lambda seen, held: Ridge.fit(design[seen], ones[seen]).predict(design[held]))
    right = found.argmax(axis=1) == own
    return ClassAccuracy(
        rounded=float(rounded.mean()),
        most_common=float(np.bincount(own).max() / len(own)),
        by_units=float(right.mean()),
        error=float((right.astype(float) - rounded).std() / np.sqrt(len(own))),
        rows=len(own),
    )
