"""The next step of a saved optimizer: what one call of ``apply_gradients`` would add to each weight."""

from collections.abc import Mapping

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass, twin
from mlpdoctor.core.network import Array, Key, Optimizer
from mlpdoctor.nn.optimizers import clipping
from mlpdoctor.nn.optimizers.rate import rate_now
from mlpdoctor.nn.optimizers.registry import build
from mlpdoctor.nn.optimizers.rule import Rule, State, single


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


def next_step(optimizer: Optimizer, weights: Mapping[Key, Array], gradients: Mapping[Key, Array]) -> Step | str:
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

    Returns:
        The step, or why there is none, for the user.
    """
    rule = build(optimizer)
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
    kept, clipped = clipping.clip(gradients, optimizer.options)
    updates: dict[Key, Array] = {}
    slots = {layer: dict(held) for layer, held in optimizer.slots.items()}
    with np.errstate(all="ignore"):  # a step may overflow, as it would in Keras
        for key, state in states.items():
            decay = -single(rule.weight_decay) * rate * weights[key]
            change, after = rule.change(weights[key] + decay, kept[key], state or {}, rate, made + 1)
            updates[key] = decay + change
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
