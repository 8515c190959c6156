"""How a classifier does on each class: how much of each it finds, and what each costs."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from mlpdoctor.analysis.floors.ridge import found_out_of_sample
from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.engine.passes import Passes
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.outputs.heads import read_by
from mlpdoctor.nn.losses.loss import TargetKind
from mlpdoctor.nn.output_head import OutputHead
from mlpdoctor.statistics.losses_and_targets import TargetValues
from mlpdoctor.statistics.rows import RowSample

HALF = 0.5
EVEN_PART = 0.2
"""A class is rare under a fifth of its even share: one row in ten of two classes, one in fifty of ten."""
LEAST_ROWS = 10
"""With fewer rows of a class nobody can say how much of it a model finds."""
MOST_TRIED = 8
Flags: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class ClassTally:
    """One class of one output.

    Attributes:
        head: name of the output.
        label: number of the class; of the label, where a row may have several.
        classes: how many the output tells apart: 2 for a label that is there or not.
        several: whether a row may have several labels.
        rows: rows of the class among those looked at.
        share: of the weight of all rows.
        recall: share of its rows for which the model predicts it.
        others: share of the other rows that the model does not answer with it.
        loss_share: share of the output's loss (of the label's loss, where there are several) that its rows cost.
        member: which of the sampled rows are of the class.
    """

    head: str
    label: int
    classes: int
    several: bool
    rows: int
    share: float
    recall: float
    others: float
    loss_share: float
    member: Flags

    @property
    def rare(self) -> bool:
        """Whether it is well under its even share, and yet so many rows that what a model finds of it can be told."""
        return self.rows >= LEAST_ROWS and self.share < EVEN_PART / self.classes


@dataclass(frozen=True, eq=False)
class ClassRecord:
    """All classes of all outputs that tell classes apart, on a sample of the rows.

    Attributes:
        tallies: one a class that occurs.
        rows: rows looked at.
        complete: whether these are all.
    """

    tallies: tuple[ClassTally, ...]
    rows: int
    complete: bool


@fact
def class_record(objective: Objective, values: TargetValues, sample: RowSample, passes: Passes) -> ClassRecord | Absent:
    """Run the sampled rows once more and compare answers with labels."""
    heads = objective.heads
    chosen = [head for head in heads.heads if tells_classes(head, values)]
    if not chosen or passes.engine is None:
        return Absent("no output tells classes apart", applicable=False)
    read = read_by(heads.heads, passes.engine, sample.features, passes.block_rows)
    if not np.isfinite(read).all():
        return Absent("the model's predictions are not finite")
    weights = np.ones(len(read)) if sample.weights is None else sample.weights
    with np.errstate(all="ignore"):
        losses = heads.values(sample.targets, read) * weights[:, None]
    tallies: list[ClassTally] = []
    for head in chosen:
        places = [k for k, part in enumerate(heads.parts) if part.head is head]
        tallies += _tallies(head, head.targets(sample.targets) > HALF, head.read(read), losses[:, places], weights)
    return ClassRecord(tuple(tallies), len(read), len(read) == objective.rows)


def most_learnable(found: list[ClassTally], sample: RowSample, ignored: float) -> tuple[ClassTally, float, float]:
    """The ignored class of which a logistic regression finds most, with its recall and precision on unseen rows.

    Args:
        found: rare classes, at least one.
        sample: the rows that were looked at.
        ignored: recall up to which a class counts as ignored; where none is, the one found least is returned.
    """
    tried = sorted((one for one in found if one.recall <= ignored), key=lambda one: -one.rows)[:MOST_TRIED]
    if not tried:
        return min(found, key=lambda one: one.recall), 0.0, 0.0
    beside = [(one, *found_out_of_sample(sample.features, one.member)) for one in tried]
    return max(beside, key=lambda one: (one[1], one[2], -one[0].label))


def tells_classes(head: OutputHead, values: TargetValues) -> bool:
    """Whether the targets of an output are labels, and its answers are about them."""
    if not values.whole[head.own].all():
        return False
    if head.takes is TargetKind.CLASS:
        return head.units > 1
    flags = bool((values.low[head.own] >= 0).all() and (values.high[head.own] <= 1).all())
    shares = head.activation is not None and head.activation.bounds == (0.0, 1.0)
    return flags and (head.takes is TargetKind.UNIT or shares)


def _tallies(head: OutputHead, labels: Flags, read: Array, losses: Array, weights: Array) -> list[ClassTally]:
    single = head.units > 1 and bool((labels.sum(axis=1) == 1).all())
    if single:
        answers = read.argmax(axis=1)[:, None] == np.arange(head.units)
    else:
        answers = read > (0.0 if getattr(head.loss, "from_logits", False) else HALF)
    found = []
    for k in range(head.units):
        own = losses[:, k] if not single and losses.shape[1] == head.units else losses.sum(axis=1)
        both = ((k, labels[:, k], answers[:, k]),) if head.units > 1 else _two(labels, answers)
        for label, member, answer in both:
            if not weights[member].sum() > 0:
                continue
            total = float(own.sum())
            found.append(
                ClassTally(
                    head=head.name,
                    label=label,
                    classes=head.units if single else 2,
                    several=head.units > 1 and not single,
                    rows=int(member.sum()),
                    share=float(weights[member].sum() / weights.sum()),
                    recall=float(answer[member].mean()),
                    others=float((~answer[~member]).mean()) if not member.all() else 1.0,
                    loss_share=float(own[member].sum()) / total if total > 0 else 0.0,
                    member=member,
                )
            )
    return found


def _two(labels: Flags, answers: Flags) -> tuple[tuple[int, Flags, Flags], ...]:
    """Both classes of a single unit."""
    return ((0, ~labels[:, 0], ~answers[:, 0]), (1, labels[:, 0], answers[:, 0]))
