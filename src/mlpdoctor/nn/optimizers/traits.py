"""What kind of steps an optimizer takes, asked of its family: checks ask here and keep no lists of names."""

import math

from mlpdoctor.core.network import Optimizer
from mlpdoctor.nn.optimizers.registry import build

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
