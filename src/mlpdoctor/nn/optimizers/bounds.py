"""What can be said of every step of an optimizer, whatever the gradient."""

from mlpdoctor.core.network import Optimizer
from mlpdoctor.nn.optimizers.clipping import largest_kept
from mlpdoctor.nn.optimizers.rate import rate_now
from mlpdoctor.nn.optimizers.registry import build

MOST_MOMENTUM = 0.999
"""Beyond it steps would add up without end."""


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
    """The momentum that an optimizer's options ask for, between 0 and 0.999: so much of a step comes back in the next.

    Steps of one direction add up to ``1 / (1 - momentum)`` times the first.
    """
    momentum = optimizer.options.get("momentum")
    return min(float(momentum), MOST_MOMENTUM) if isinstance(momentum, int | float) and momentum > 0 else 0.0
