"""Which ways of going wrong are worth a trial at a place of a network."""

import numpy as np

from mlpdoctor.gradcheck.backward import Run
from mlpdoctor.gradcheck.plan import RIGHT
from mlpdoctor.nn.layers.family import LINEAR


def slopes_to_try(run: Run, layer: int) -> list[str]:
    """The mistakes with the slope that can be made at a layer, the right one first."""
    activation = run.chain.activations[layer]
    name = activation.name
    if activation is LINEAR:
        return [RIGHT]
    found = [RIGHT, "missing", "at-activation"]
    if name == "tanh":
        found += ["tanh-of-z", "sigmoid"]
    elif name == "sigmoid":
        found += ["sigmoid-of-z", "tanh"]
    elif name == "softmax":
        found = [RIGHT, "missing", "elementwise"]
    elif activation.gated or name in ("leaky_relu", "elu"):
        found += ["mask-of-error"]
        if run.after[layer].shape == run.before[layer].shape:
            found += ["mask-of-input"]
    return found


def passes_to_try(run: Run, layer: int) -> list[str]:
    """The mistakes with the kernel that can be made on the way back to a layer, the right one first."""
    kernel = run.chain.kernel(run.point, layer + 1)
    found = [RIGHT]
    if run.updated is not None:
        found.append("updated")
    if kernel.shape[0] == kernel.shape[1] > 1:
        found.append("untransposed")
    return found


def dropouts_to_try(run: Run, layer: int) -> list[str]:
    """The mistakes with the dropout mask that can be made on the way back to a layer, the right use first."""
    mask = run.chain.mask(layer)
    if mask is None or np.all(mask == 1):
        return [RIGHT]
    return [RIGHT, "missing", *(["unscaled"] if np.any(mask > 1) else [])]


def errors_to_try(run: Run) -> list[str]:
    """What can stand for the derivative of the loss, the right one first."""
    return [RIGHT, "itself", "ones"] + ([] if run.chain.form.kind == "mse" else ["difference"])


def averages_to_try(run: Run) -> list[str]:
    """What can be averaged over the rows, nothing first."""
    if run.rows == 1:
        return ["none"]
    return ["none", "rows", "after"] + (["all"] if run.units > 1 else [])


def penalties_to_try(run: Run) -> list[str]:
    """The mistakes with the L2 term that can be made."""
    if not run.chain.form.l2:
        return [RIGHT]
    return ["right", "missing", "half", "double"] + ([] if run.chain.form.l2_biases else ["biases"])
