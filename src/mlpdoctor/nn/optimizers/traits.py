"""What kind of steps an optimizer takes and how far one can go, asked of its family: checks keep no lists of names."""

import math

from mlpdoctor.core.network import Optimizer
from mlpdoctor.nn.optimizers.rate import rate_now
from mlpdoctor.nn.optimizers.rule import build
from mlpdoctor.nn.optimizers.step import largest_kept

NOT_FOLLOWED = ("Adafactor", "Muon")
"""Optimizers whose updates are not worked out here, and which divide the gradient by its size all the same."""


def normalises_gradient(optimizer: Optimizer | None) -> bool:
    """Whether its steps have a length of their own, whatever the size of the gradient."""
    if optimizer is None:
        return False
    rule = build(optimizer)
    return optimizer.name in NOT_FOLLOWED if rule is None else rule.normalises_gradient


def follows_gradient(optimizer: Optimizer | None) -> bool:
    """Whether its steps are as long as the gradient is; neither, where the optimizer is not known."""
    rule = None if optimizer is None else build(optimizer)
    return rule is not None and not rule.normalises_gradient


def moves_by_the_rate(optimizer: Optimizer | None) -> bool:
    """Whether an update moves a weight by about the rate at most, whatever the gradient and the weight."""
    rule = None if optimizer is None else build(optimizer)
    return rule is not None and rule.most(math.inf) is not None


def moves_by_a_share(optimizer: Optimizer | None) -> bool:
    """Whether an update moves the weights by the rate times their own size."""
    rule = None if optimizer is None else build(optimizer)
    return rule is not None and rule.relative


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


def kept_options(optimizer: Optimizer) -> tuple[str, ...]:
    """The arguments that an optimizer is to be compiled with again, beside its rate: its momentum."""
    momentum = momentum_of(optimizer)
    if momentum <= 0:
        return ()
    return (f"momentum={momentum:g}", *(["nesterov=True"] if optimizer.options.get("nesterov") else []))
