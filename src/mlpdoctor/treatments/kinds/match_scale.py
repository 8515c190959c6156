"""The scale on which a trained model saw its data."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from mlpdoctor.finding import Finding
from mlpdoctor.network import Array
from mlpdoctor.treatments.anatomy import Head, heads
from mlpdoctor.treatments.edits import Edit, InsertAfter, InsertBefore, NewLayer
from mlpdoctor.treatments.kinds.standardise_inputs import entering, normalization
from mlpdoctor.treatments.patient import Columns, Patient, columns
from mlpdoctor.treatments.treatment import Nothing, Proposal, Treatment, treatment

UNCHANGED = "as they are"
Affine = Callable[[Array], Columns]
SCALINGS: Mapping[str, Affine] = {
    "standardised": columns,
    "scaled to 0..1": lambda values: _between(values, 0.0, 1.0),
    "scaled to -1..1": lambda values: _between(values, -1.0, 1.0),
    "divided by 255": lambda values: _fixed(values, 0.0, 255.0),
    "divided by 127.5, less 1": lambda values: _fixed(values, 127.5, 127.5),
    "divided by their largest": lambda values: Columns(
        np.zeros(values.shape[1]), np.maximum(np.abs(values).max(axis=0), 1e-300)
    ),
}
"""What is subtracted and divided by, for each way of scaling that D713 tries; logarithms are no such map."""


@treatment("D713")
def match_scale(finding: Finding | None, patient: Patient) -> Iterator[Proposal]:
    """Brings the data to the scale on which the model was trained, by layers inside the model.

    What it changes
        A Normalization layer before the first learned layers, and where the targets were scaled too a Rescaling layer
        behind the output, with the moments that the finding's own trial used.
    Why it proves the cause
        Not one weight changes: where the loss drops before any training, the weights were good and the scale was not.
    Keeps
        All weights, the optimizer, the loss.
    Refuted by
        A loss no lower than before, without training.
    """
    numbers = {} if finding is None else finding.evidence.numbers
    of_features, of_targets = (str(numbers.get(key, default)) for key, default in
                               (("features", "standardised"), ("targets", UNCHANGED)))  # fmt: skip
    edits: list[Edit] = []
    if of_features != UNCHANGED:
        if of_features not in SCALINGS:
            yield Nothing(f"features {of_features} are not had by a layer")
            return
        doors = [door for door, _ in entering(patient) if door.raw and door.first_feature is not None]
        if not doors:
            yield Nothing("the first learned layers do not see the columns of the data")
            return
        for door in doors:
            start = door.first_feature or 0
            width = (patient.network.nodes[door.source].shape or (0,))[-1] or 0
            seen = SCALINGS[of_features](patient.features[:, start : start + width])
            edits.append(InsertBefore(door.layer.name, normalization(seen)))
    if of_targets != UNCHANGED:
        told = [head for head in heads(patient.network, patient.targets.shape[1]) if head.columns is not None]
        if of_targets not in SCALINGS or not told:
            yield Nothing(f"targets {of_targets} are not had by a layer")
            return
        edits += [_behind(head, patient, SCALINGS[of_targets]) for head in told]
    if not edits:
        yield Nothing("the data are on the model's scale as they are")
        return
    yield Treatment(
        "match-scale",
        ("D713",),
        tuple(edits),
        f"give the model features {of_features}" + (f", and targets {of_targets}" if of_targets != UNCHANGED else ""),
        "norm = keras.layers.Normalization(); norm.adapt(x_train)  # before the first Dense layer",
        refuted_by="the loss is no lower before any training",
    )


def _behind(head: Head, patient: Patient, scaling: Affine) -> Edit:
    first, last = head.columns or (0, 0)
    seen = scaling(patient.targets[:, first:last])
    node = patient.network.outputs[head.number]
    options = {"scale": seen.deviation.tolist(), "offset": seen.mean.tolist()}
    return InsertAfter(patient.network.nodes[node].layer.name, NewLayer("Rescaling", options))


def _between(values: Array, low: float, high: float) -> Columns:
    least, most = values.min(axis=0), values.max(axis=0)
    span = np.where(most > least, most - least, 1.0) / (high - low)
    return Columns(least - low * span, span)


def _fixed(values: Array, mean: float, deviation: float) -> Columns:
    width = values.shape[1]
    return Columns(np.full(width, mean), np.full(width, deviation))
