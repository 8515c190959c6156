"""What a page shows of classes: which is taken for which, and whether probabilities are what they say."""

from collections.abc import Iterator

import numpy as np

from mlpdoctor.core.check import Absent
from mlpdoctor.core.network import Array
from mlpdoctor.core.pictures import Classes
from mlpdoctor.diagnosis.picture_fits import BINS, Shown, answers
from mlpdoctor.diagnosis.resolve import FactResolver
from mlpdoctor.engine.passes import Engine
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.outputs.class_record import tells_classes
from mlpdoctor.facts.outputs.heads import read_by
from mlpdoctor.nn.output_head import OutputHead
from mlpdoctor.statistics.losses_and_targets import TargetValues

MOST_LABELS = 12
"""Classes in a table; of more those with the most rows."""
EVEN = 0.5


def class_pictures(rows: Shown, objective: Objective, engine: Engine, resolver: FactResolver) -> tuple[Classes, ...]:
    """Confusions and calibration of each output that tells classes apart."""
    values = resolver.get(TargetValues)
    heads = objective.heads.heads
    chosen = [head for head in heads if not isinstance(values, Absent) and tells_classes(head, values)]
    if not chosen:
        return ()
    read = read_by(heads, engine, rows.features, objective.passes.block_rows)
    return tuple(_of_head(head, rows, answers(head, head.read(read), classes=True)) for head in chosen)


def _of_head(head: OutputHead, rows: Shown, own: Array) -> Classes:
    encoded = head.targets(rows.targets)
    if head.units > 1 and bool((encoded.sum(axis=1) == 1).all()):
        true, said = encoded.argmax(axis=1), own.argmax(axis=1)
        sure = own.max(axis=1)
        labels = [str(k) for k in range(head.units)]
    else:  # each unit answers a question of its own; all of them are counted together
        true, said = (encoded > EVEN).astype(int).ravel(), (own > EVEN).astype(int).ravel()
        sure = np.maximum(own, 1 - own).ravel()
        labels = ["0", "1"]
    kept = np.sort(np.argsort(-np.bincount(true, minlength=len(labels)), kind="stable")[:MOST_LABELS])
    counts = tuple(tuple(int(((true == a) & (said == b)).sum()) for b in kept) for a in kept)
    bins = list(_calibration(sure, true == said, 1 / len(labels)))
    return Classes(
        output=head.name,
        labels=tuple(labels[k] for k in kept),
        counts=counts,
        left_out=len(labels) - len(kept),
        claimed=tuple(one[0] for one in bins),
        right=tuple(one[1] for one in bins),
        rows=tuple(one[2] for one in bins),
    )


def _calibration(sure: Array, right: Array, least: float) -> Iterator[tuple[float, float, int]]:
    """Bins of the probability of the answer: its mean, the share that is right, how many rows."""
    edges = np.linspace(least, 1.0, BINS + 1)
    place = np.clip(np.searchsorted(edges, sure, side="right") - 1, 0, BINS - 1)
    for one in range(BINS):
        rows = place == one
        if rows.any():
            yield float(sure[rows].mean()), float(right[rows].mean()), int(rows.sum())
