"""The best last layer on the features that are there."""

from collections.abc import Iterator

import numpy as np

from mlpdoctor.contract.reading import Reading, reading_of
from mlpdoctor.finding import Finding
from mlpdoctor.losses.registry import build
from mlpdoctor.network import Array, Layer
from mlpdoctor.treatments.anatomy import Head, heads, line, own
from mlpdoctor.treatments.edits import Redraw, SetWeights
from mlpdoctor.treatments.patient import MOST_ROWS, Patient
from mlpdoctor.treatments.treatment import Nothing, Proposal, Treatment, treatment

SQUARED = "meansquarederror"
RIDGE = 1e-6
"""Share of the features' variance added to its diagonal: float32 cannot hold the weights of an exact solve."""


@treatment("L506", symptoms="L504 G604 G607")
def solve_readout(finding: Finding | None, patient: Patient) -> Iterator[Proposal]:
    """Sets the last layer to the best one for the features that the hidden layers give.

    What it changes
        Kernel and bias of the last layer: solved by least squares where the loss is a squared error, drawn anew
        elsewhere.
    Why it proves the cause
        The hidden layers are the same. What the loss drops by before any training, the last layer alone had kept.
    Keeps
        All other weights, the architecture, the optimizer.
    Refuted by
        The control gets there within the budget by itself.
    """
    (head, *more) = heads(patient.network, patient.targets.shape[1])
    layer = head.ending.layer
    if more or layer.kind != "Dense" or head.columns is None or not layer.trainable:
        yield Nothing("there is no single output whose last layer could be solved by itself")
        return
    name = own(layer.name)
    solved = _solved(head, layer, patient)
    if solved is None and finding is not None and finding.code != "L506":
        yield Nothing("the best last layer is solved for squared errors alone")
        return
    if solved is None:
        yield Treatment(
            "solve-readout",
            ("L506",),
            (Redraw(layer.name),),
            f"draw the last layer, {name}, anew",
            line(layer),
            refuted_by="the loss comes back to where it was",
        )
        return
    kernel, bias = solved
    set_bias = (SetWeights(layer.name, "bias", bias),) if "bias" in layer.weights else ()
    yield Treatment(
        "solve-readout",
        ("L506",),
        (SetWeights(layer.name, "kernel", kernel), *set_bias),
        f"set the last layer, {name}, to the best one for its features",
        "model.compile(optimizer=model.optimizer, loss=model.loss); model.fit(...)  # train the last layer on",
        refuted_by="the loss gets there within the budget by itself",
    )


def _solved(head: Head, layer: Layer, patient: Patient) -> tuple[Array, Array] | None:
    config, function = head.ending.config, head.ending.activation
    if config is None or reading_of(config) is not Reading.NUMBER or function is None or not function.affine:
        return None
    loss = build(config)
    if loss is None or SQUARED not in loss.names or head.ending.units != patient.targets.shape[1]:
        return None
    node = next(node for node in patient.network.nodes if node.layer is layer)
    behind = patient.behind(node.sources[0])
    if behind is None or behind[0].ndim != 2 or not np.isfinite(behind[0]).all():  # noqa: PLR2004
        return None
    features, targets = behind[0], patient.targets[:MOST_ROWS]
    with_bias = "bias" in layer.weights
    middle = features.mean(axis=0) if with_bias else np.zeros(features.shape[1])
    level = targets.mean(axis=0) if with_bias else np.zeros(targets.shape[1])
    gram = (features - middle).T @ (features - middle)
    damping = RIDGE * max(float(np.trace(gram)) / len(gram), 1e-300)
    kernel = np.linalg.solve(gram + damping * np.eye(len(gram)), (features - middle).T @ (targets - level))
    return kernel, level - middle @ kernel
