"""The largest learning rate at which an optimizer is stable on a quadratic."""

from collections.abc import Mapping

import numpy as np

from mlpdoctor.core.network import Array, Key, Optimizer
from mlpdoctor.nn.layers.config_values import number

PLAIN = 2.0


def critical(optimizer: Optimizer) -> float | None:
    """The number c for which the optimizer is stable on ``curvature w^2 / 2`` where ``rate curvature < c``, else not.

    On a quadratic the updates along each eigenvector are a linear recursion of their own, and stable if and only if the
    roots of its characteristic polynomial lie in the unit circle (Jury's criterion). For a curvature h, a rate r and
    the momentum b:

    * gradient descent, ``w - r h w``: the root ``1 - r h``; c = 2.
    * heavy ball, roots of ``z^2 - (1 + b - r h) z + b``: c = 2 (1 + b).
    * Nesterov, roots of ``z^2 - (1 + b) (1 - r h) z + b (1 - r h)``: c = 2 (1 + b) / (1 + 2 b).
    * Adam and its kin with their second moments held still, on the curvature divided by them: a heavy ball with the
      rate ``(1 - b1) r``; c = 2 (1 + b1) / (1 - b1), 38 for b1 = 0.9 (Cohen et al., Adaptive gradient methods at
      the edge of stability, 2022).

    Proved for a quadratic, where nothing but the curvature counts. A network is not one: full-batch training hovers at
    the limit without harm (Cohen et al., Gradient descent on neural networks typically occurs at the edge of stability,
    2021).

    Returns:
        c; None for an optimizer whose steps do not shrink with the gradient, or that is not known.
    """
    options = optimizer.options
    momentum = number(options.get("momentum"), 0.0)
    if optimizer.name == "SGD":
        nesterov = momentum > 0 and bool(options.get("nesterov"))
        return PLAIN * (1 + momentum) / (1 + 2 * momentum if nesterov else 1)
    if optimizer.name in ("Adam", "AdamW", "Adamax", "Nadam"):
        decay = number(options.get("beta_1"), 0.9)
        return PLAIN * (1 + decay) / (1 - decay) if decay < 1 else None
    if optimizer.name == "RMSprop":
        return PLAIN * (1 + momentum)
    return PLAIN if optimizer.name in ("Adagrad", "Adadelta") else None


def preconditioner(optimizer: Optimizer, weights: Mapping[Key, Array]) -> dict[Key, Array] | None:
    """What an adaptive optimizer divides the gradient of each weight by, from its saved state.

    Adam: the root of the second moment, corrected for its start at zero, plus epsilon. RMSprop corrects nothing.

    Returns:
        Positive divisors in the shapes of the weights; None for other optimizers and where the state is missing.
    """
    if optimizer.name not in ("Adam", "AdamW", "RMSprop") or not optimizer.iterations:
        return None
    epsilon = number(optimizer.options.get("epsilon"), 1e-7)
    left = 1.0
    if optimizer.name != "RMSprop":
        left = 1 - number(optimizer.options.get("beta_2"), 0.999) ** optimizer.iterations
    found = {}
    for layer, name in weights:
        squares = optimizer.slots.get(layer, {}).get(name, {}).get("velocity")
        if squares is None or not np.isfinite(squares).all() or np.shape(squares) != weights[layer, name].shape:
            return None
        found[layer, name] = np.sqrt(np.asarray(squares, np.float64) / left) + epsilon
    return found
