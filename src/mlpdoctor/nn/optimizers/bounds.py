"""What can be said of every step of an optimizer, whatever the gradient."""

from mlpdoctor.core.network import Optimizer
from mlpdoctor.nn.optimizers.clipping import largest_kept
from mlpdoctor.nn.optimizers.rate import rate_now
from mlpdoctor.nn.optimizers.registry import build
from mlpdoctor.nn.optimizers.sgd import SGD


def most_per_update(optimizer: Optimizer) -> float | None:
    """How far one weight can move in one update, whatever the gradient, without weight decay; None without a bound.

    The rate in force times what ``most`` of the optimizer proves: 7.27 for Adam with its defaults, 1.01 for Adamax, 1
    for Lion and Adagrad, ``1 / sqrt(1 - rho)`` for RMSprop, and for SGD the limit of clipping where there is one.
    Where momentum adds up past steps (SGD, RMSprop), it holds while the rate is not falling.
    """
    rule, rate = build(optimizer), rate_now(optimizer)
    if rule is None or rate is None:
        return None
    most = rule.most(largest_kept(optimizer.options))
    return None if most is None else rate * most


def momentum_of(optimizer: Optimizer) -> float:
    """SGD's momentum b, 0 for all others: on a curvature c it is stable while the rate is under ``2 (1 + b) / c``.

    That limit is not Nesterov's, whose own, ``2 (1 + b) / ((1 + 2 b) c)``, is lower. Its update of (weight, m) with
    h = rate c is ``[[1 - h (1 + b), b^2], [-h, b]]``, with determinant b (1 - h) and trace (1 + b)(1 - h); both
    eigenvalues are inside the unit circle if and only if ``|trace| < 1 + determinant < 2`` (Jury), which is that.
    """
    rule = build(optimizer)
    return rule.momentum if isinstance(rule, SGD) else 0.0
