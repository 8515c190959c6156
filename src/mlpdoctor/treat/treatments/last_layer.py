"""The best last layer for the features there are, or a last bias that starts from the best constant."""

from collections.abc import Iterator

import numpy as np

from mlpdoctor.core.finding import Finding
from mlpdoctor.core.network import Array, Layer
from mlpdoctor.core.text import quoted
from mlpdoctor.nn.expectation import Expectation, expectation_of
from mlpdoctor.nn.heads import output_heads
from mlpdoctor.nn.losses.registry import build
from mlpdoctor.nn.output_head import OutputHead
from mlpdoctor.treat.case import MOST_ROWS, Case, Nothing, Proposal, Treatment, treatment
from mlpdoctor.treat.editing.edits import Redraw, SetWeights
from mlpdoctor.treat.editing.model_queries import line

SQUARED = "meansquarederror"
RIDGE = 1e-6
"""Share of the features' variance added to its diagonal: float32 cannot hold the weights of an exact solve."""


@treatment("L506", symptoms="L504 G604 G607")
def solve_readout(finding: Finding | None, case: Case) -> Iterator[Proposal]:
    """Sets the last layer to the best one for the features that the hidden layers give.

    What it changes
        Kernel and bias of the last layer: solved by least squares where the loss is a squared error, re-initialised
        elsewhere.
    Why it proves the cause
        The hidden layers are the same. What the loss drops by before any training, the last layer alone had kept.
    Keeps
        All other weights, the architecture, the optimizer.
    Refuted by
        The control gets there within the budget by itself.
    """
    (head, *more) = output_heads(case.network, case.targets.shape[1])
    layer = head.layer
    if more or layer.kind != "Dense" or head.given is None or not layer.trainable:
        yield Nothing("there is no single output whose last layer could be solved by itself")
        return
    name = layer.short_name
    solved = _solved(head, layer, case)
    if solved is None and finding is not None and finding.code != "L506":
        yield Nothing("the best last layer is solved for squared errors alone")
        return
    if solved is None:
        yield Treatment(
            "solve-readout",
            ("L506",),
            (Redraw(layer.name),),
            f"re-initialise the last layer, {name}",
            line(layer),
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
    )


def _solved(head: OutputHead, layer: Layer, case: Case) -> tuple[Array, Array] | None:
    config, function = head.config, head.known_function
    if config is None or expectation_of(config) is not Expectation.NUMBER or function is None or not function.affine:
        return None
    loss = build(config)
    if loss is None or SQUARED not in loss.names or head.known_units != case.targets.shape[1]:
        return None
    node = next(node for node in case.network.nodes if node.layer is layer)
    behind = case.behind(node.sources[0])
    if behind is None or behind[0].ndim != 2 or not np.isfinite(behind[0]).all():  # noqa: PLR2004
        return None
    features, targets = behind[0], case.targets[:MOST_ROWS]
    with_bias = "bias" in layer.weights
    middle = features.mean(axis=0) if with_bias else np.zeros(features.shape[1])
    level = targets.mean(axis=0) if with_bias else np.zeros(targets.shape[1])
    gram = (features - middle).T @ (features - middle)
    damping = RIDGE * max(float(np.trace(gram)) / len(gram), 1e-300)
    kernel = np.linalg.solve(gram + damping * np.eye(len(gram)), (features - middle).T @ (targets - level))
    return kernel, level - middle @ kernel


@treatment("O209")
def start_bias(finding: Finding | None, case: Case) -> Iterator[Proposal]:
    """Starts the last bias from the best constant.

    What it changes
        The bias of the output layer becomes the mean of the targets, or the log-odds of the base rate, as the finding
        worked it out.
    Why it proves the cause
        All else is the same: what the treated side is ahead by, the control spends moving one number.
    Keeps
        All other weights, the architecture, the optimizer.
    Refuted by
        The treated loss is no lower than the control's within the budget.
    """
    numbers = {} if finding is None else finding.evidence.numbers
    biases, place = numbers.get("biases"), numbers.get("output")
    found = [head for head in output_heads(case.network, case.targets.shape[1]) if place in (None, head.name)]
    layer = found[0].layer if found else None
    if layer is None or layer.kind != "Dense" or "bias" not in layer.weights or not isinstance(biases, tuple):
        yield Nothing("no best constant for the last bias was worked out")
        return
    values = np.array([float(value) for value in biases if isinstance(value, int | float)])
    if len(values) != layer.weights["bias"].size:
        yield Nothing("the last layer has more biases than were worked out")
        return
    shown = ", ".join(f"{value:.5g}" for value in values[:4]) + (", ..." if len(values) > 4 else "")  # noqa: PLR2004
    yield Treatment(
        "start-bias",
        ("O209",),
        (SetWeights(layer.name, "bias", values),),
        f"start the bias of {layer.short_name} from {shown}",
        f"model.get_layer({quoted(layer.short_name)}).bias.assign([{shown}])",
    )
