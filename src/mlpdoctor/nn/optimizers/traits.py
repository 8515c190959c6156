"""What steps an optimizer takes, how it clips and how far one can go, asked of its family: no check keeps a list."""

import math
from collections.abc import Mapping
from typing import TypeVar

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass, twin
from mlpdoctor.core.network import Array, Config, Key, Optimizer
from mlpdoctor.nn.layers.family import number
from mlpdoctor.nn.optimizers.rate import rate_now
from mlpdoctor.nn.optimizers.rule import Rule, State, build, single

K = TypeVar("K")


def clip(gradients: Mapping[K, Array], options: Config) -> tuple[Mapping[K, Array], float | None]:
    """Clip by the norm of each weight, else by the norm of all, else by value, as Keras does.

    Returns:
        The gradients, and their size after over their size before: the norm of all together, or with ``clipvalue``
        the largest value; 1 when clipping changes nothing, None when there is none.
    """
    by_norm, by_all, by_value = limits(options)
    if by_norm is not None:
        kept = {key: gradient * _factor(_norm(gradient), by_norm) for key, gradient in gradients.items()}
        return kept, _ratio(norm(kept), norm(gradients))
    if by_all is not None:
        factor = _factor(norm(gradients), by_all)
        return {key: gradient * factor for key, gradient in gradients.items()}, factor
    if by_value is not None:
        cut = {key: np.clip(gradient, -by_value, by_value) for key, gradient in gradients.items()}
        return cut, _ratio(_largest(cut), _largest(gradients))
    return gradients, None


def limits(options: Config) -> tuple[float | None, float | None, float | None]:
    """``clipnorm``, ``global_clipnorm`` and ``clipvalue`` where they are set."""
    norm_of_each, norm_of_all, value = (
        number(options.get(name), 0.0) for name in ("clipnorm", "global_clipnorm", "clipvalue")
    )
    return norm_of_each or None, norm_of_all or None, value or None


def largest_kept(options: Config) -> float:
    """The largest value that a gradient can have after clipping; infinite without clipping."""
    return next((limit for limit in limits(options) if limit is not None), math.inf)


def norm(gradients: Mapping[K, Array]) -> float:
    """The Euclidean norm of all gradients together."""
    return math.hypot(*(_norm(gradient) for gradient in gradients.values()))


def _norm(gradient: Array) -> float:
    largest = float(np.abs(gradient).max(initial=0.0))
    if not largest > 0:
        return 0.0
    # Squares must not overflow, and BLAS would start threads for what takes a few microseconds.
    return largest * math.sqrt(float(np.square(gradient / largest).sum()))


def _largest(gradients: Mapping[K, Array]) -> float:
    return max((float(np.abs(gradient).max(initial=0.0)) for gradient in gradients.values()), default=0.0)


def _factor(size: float, limit: float) -> float:
    return limit / size if size > limit else 1.0


def _ratio(after: float, before: float) -> float:
    return after / before if before > 0 else 1.0


@dataclass(frozen=True, eq=False)
class Step:
    """One update.

    Attributes:
        updates: what it adds to each weight, weight decay included.
        clipped: the size of the gradient after clipping over its size before: of its norm, or with ``clipvalue`` of
            its largest value; 1 when clipping changes nothing, None when the optimizer does not clip.
        rate: the learning rate of the update.
        optimizer: the optimizer after it, to take the step that follows.
    """

    updates: Mapping[Key, Array]
    clipped: float | None
    rate: float
    optimizer: Optimizer


def next_step(
    optimizer: Optimizer,
    weights: Mapping[Key, Array],
    gradients: Mapping[Key, Array],
    *,
    spent: bool = False,
    rule: Rule | None = None,
) -> Step | str:
    """What the optimizer would do next.

    As in Keras: clipping, then weight decay of all weights that have a gradient (the file does not hold the list of
    those excluded from it), then the update with the bias corrections of update ``iterations + 1``. Without state and
    without updates made, the optimizer starts afresh. Averaging of weights (``use_ema``) does not change the step
    until Keras overwrites the weights; constraints, which Keras applies afterwards, are left to the caller. With
    ``gradient_accumulation_steps`` it is the step at the end of an accumulation, the gradients being its mean.

    Args:
        optimizer: as saved.
        weights: by layer and weight name; those without a gradient do not move.
        gradients: of the loss together with penalties, as Keras hands them to the optimizer; those of trainable
            weights, for ``global_clipnorm`` counts all that come.
        spent: whether nobody needs the gradients and the optimizer's slots any more: large ones may be written over.
        rule: how the optimizer moves, for a caller who takes many steps; None to look it up.

    Returns:
        The step, or why there is none, for the user.
    """
    rule = build(optimizer) if rule is None else rule
    if rule is None:
        return f"the updates of the optimizer {optimizer.name} are not known"
    rate = rate_now(optimizer)
    if rate is None:
        return "the file does not tell the learning rate of the next update"
    made = optimizer.iterations or 0
    states = {key: _state(rule, optimizer, key, gradient) for key, gradient in gradients.items()}
    for (layer, weight), state in states.items():
        if state is None:
            return f"the file does not hold what {optimizer.name} remembers for {weight} of {layer}"
    if not all(np.isfinite(gradient).all() for gradient in gradients.values()):
        return "the gradient is not finite"
    kept, clipped = clip(gradients, optimizer.options)
    updates: dict[Key, Array] = {}
    slots = {layer: dict(held) for layer, held in optimizer.slots.items()}
    with np.errstate(all="ignore"):  # a step may overflow, as it would in Keras
        for key, state in states.items():
            updates[key], after = rule.step(weights[key], kept[key], state or {}, rate, made + 1, spent=spent)
            named = slots.setdefault(key[0], {})
            named[key[1]] = {**named.get(key[1], {}), **after}
    return Step(updates, clipped, rate, twin(optimizer, iterations=made + 1, slots=slots))


def _state(rule: Rule, optimizer: Optimizer, key: Key, gradient: Array) -> State | None:
    """What the optimizer keeps for a weight, as it is or as it starts; None where it is missing."""
    stored = optimizer.slots.get(key[0], {}).get(key[1], {})
    starts = rule.slots()
    if not optimizer.iterations:
        starting = {slot: np.full(gradient.shape, single(start)) for slot, start in starts.items()}
        return starting | {slot: np.asarray(stored[slot], np.float64) for slot in starts if slot in stored}
    if any(slot not in stored or stored[slot].shape != gradient.shape for slot in starts):
        return None
    return {slot: np.asarray(stored[slot], dtype=np.float64) for slot in starts}


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
    """The arguments that an optimizer is to be compiled with again, beside its rate: its momentum, its clipping."""
    momentum = momentum_of(optimizer)
    kept = [f"momentum={momentum:g}"] if momentum > 0 else []
    kept += ["nesterov=True"] if momentum > 0 and optimizer.options.get("nesterov") else []
    limits = {name: optimizer.options.get(name) for name in ("clipnorm", "clipvalue", "global_clipnorm")}
    return (*kept, *(f"{name}={limit:g}" for name, limit in limits.items() if isinstance(limit, int | float)))
