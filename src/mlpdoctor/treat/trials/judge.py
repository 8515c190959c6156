"""By what two models are compared: their loss; where a change alters the loss itself, a measure that fits both."""

import dataclasses
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.nn.losses.loss import Loss, TargetKind
from mlpdoctor.nn.losses.registry import build
from mlpdoctor.nn.output_head import LabelEncoding, OutputHead
from mlpdoctor.treat.trials.variant import Variant

LABELS = (TargetKind.UNIT, TargetKind.SIGN, TargetKind.CLASS)
MOST_LABELS = 20
"""Whole numbers of so few kinds are labels."""
ONE = 1e-3
"""Rows of probabilities sum to one up to this; float32 and many classes leave it far below."""
WRONG_ANSWERS = "share of wrong predictions"
UNEXPLAINED = "1 - R2"

Measure: TypeAlias = Callable[[Variant], float]


@dataclass(frozen=True, eq=False)
class Judge:
    """A measure, the lower the better, that says the same of both sides.

    Attributes:
        label: what it is, in words.
        measure: applied to each side, as it is after training.
        own: whether it is the loss that the model was saved with, so that the ladder is about the same numbers.
    """

    label: str
    measure: Measure
    own: bool


def judge(control: Variant, treated: Variant) -> Judge:
    """What to compare these two by.

    The loss of both, where it is the same on the same targets; else the treated model's loss, where the answers of
    both mean the same to it; else how many answers are wrong, or what share of the targets' variance is left.
    """
    if _same_loss(control, treated) and np.array_equal(control.rows.targets, treated.rows.targets):
        return Judge(treated.heads.label, lambda variant: variant.trainee.loss(), own=True)
    plain = _plain_losses(treated)
    if plain is not None and all(_readable(variant, plain, treated) for variant in (treated, control)):
        return Judge(
            f"{treated.heads.label} of its predictions", lambda variant: _by(plain, variant, treated), own=False
        )
    if all(head.takes in LABELS or head.encoding is LabelEncoding.NUMBER for head in treated.heads.heads):
        return Judge(WRONG_ANSWERS, _wrong_answers, own=False)
    return Judge(UNEXPLAINED, _unexplained, own=False)


def common(variant: Variant) -> Measure:
    """A measure for models of any loss: wrong answers where the targets are labels, else the variance left."""
    targets = variant.rows.targets
    labels = bool((targets == np.round(targets)).all()) and len(np.unique(targets)) <= MOST_LABELS
    return _wrong_answers if labels else _unexplained


def by_mistakes(variant: Variant) -> Judge:
    """What to judge by where the loss itself means nothing, as a cross-entropy of prices, which falls without end."""
    measure = common(variant)
    return Judge(WRONG_ANSWERS if measure is _wrong_answers else UNEXPLAINED, measure, own=False)


def blind(variant: Variant) -> bool:
    """Whether the loss falls while the answer stays: softmax over one unit answers 1, and Keras reads its logits."""
    return any(
        head.behind and head.units == 1 and head.activation is not None and head.activation.name == "softmax"
        for head in variant.heads.heads
    )


def _same_loss(control: Variant, treated: Variant) -> bool:
    """Whether the same loss is computed from the same kind of answers."""

    def losses(variant: Variant) -> list[object]:
        return [(build(c), w) for c, w in zip(variant.network.losses, variant.network.loss_weights, strict=True) if c]

    def ends(variant: Variant) -> list[object]:
        return [head.activation.name if head.behind and head.activation else None for head in variant.heads.heads]

    if blind(control) or blind(treated):
        return False
    return losses(control) == losses(treated) and ends(control) == ends(treated)


def _plain_losses(variant: Variant) -> list[Loss] | None:
    """The losses as they read what the outputs predict; None where they read logits."""
    found = [None if config is None else build(config) for config in variant.network.losses]
    if any(loss is None or getattr(loss, "from_logits", False) for loss in found):
        return None
    return [loss for loss in found if loss is not None]


def _readable(variant: Variant, losses: list[Loss], treated: Variant) -> bool:
    """Whether the answers of a model are of the kind that these losses are about, before training as after it."""
    variant.trainee.put(variant.starts[0])
    for loss, head, answer in zip(losses, treated.heads.heads, variant.trainee.answers(), strict=True):
        flat = answer.reshape(len(answer), -1)
        if flat.shape[1] != head.units:
            return False
        if loss.targets is TargetKind.SIGN:
            return False
        if loss.targets is TargetKind.REAL:
            continue
        if not (np.isfinite(flat).all() and flat.min() >= 0):
            return False
        if loss.targets is not TargetKind.COUNT and flat.max() > 1 + ONE:
            return False
        if loss.joint and np.abs(flat.sum(axis=1) - 1).max() > ONE:
            return False
    return True


def _by(losses: list[Loss], variant: Variant, treated: Variant) -> float:
    """The treated model's loss on the answers of either."""
    total = 0.0
    for loss, head, answer in zip(losses, treated.heads.heads, variant.trainee.answers(), strict=True):
        plain = dataclasses.replace(head, known_loss=loss)
        values = loss.values(plain.targets(treated.rows.targets), answer.reshape(len(answer), -1))
        total += head.weight * float(_mean(values.mean(axis=1), treated))
    return total


def _mean(values: Array, variant: Variant) -> float:
    weights = variant.rows.weights
    return float(values.mean() if weights is None else (values * weights).mean())


def _wrong_answers(variant: Variant) -> float:
    shares = []
    for head, answer in zip(variant.heads.heads, variant.trainee.answers(), strict=True):
        flat, own = answer.reshape(len(answer), -1), variant.rows.targets[:, head.own]
        shares.append(_mean(_wrong(head, flat, own), variant) if np.isfinite(flat).all() else float("nan"))
    return float(np.mean(shares))


def _wrong(head: OutputHead, answers: Array, targets: Array) -> Array:
    """For each row the share of labels that are wrong."""
    if answers.shape[1] > 1 and (head.loss.joint or targets.shape[1] == 1):
        true = targets[:, 0] if targets.shape[1] == 1 else targets.argmax(axis=1)
        return np.asarray(answers.argmax(axis=1) != true, dtype=np.float64)
    if len(np.unique(targets)) > 2 and head.loss.targets is TargetKind.REAL:  # noqa: PLR2004  numbers of classes
        return np.asarray((np.round(answers) != targets).mean(axis=1), dtype=np.float64)
    low, high = targets.min(), targets.max()
    middle = (low + high) / 2
    on_probabilities = head.loss.targets in LABELS and head.loss.targets is not TargetKind.SIGN
    logits = head.behind is False and bool(getattr(head.loss, "from_logits", False))
    cut = 0.0 if logits or head.loss.targets is TargetKind.SIGN else 0.5 if on_probabilities else middle
    return np.asarray(((answers > cut) != (targets > middle)).mean(axis=1), dtype=np.float64)


def _unexplained(variant: Variant) -> float:
    shares = []
    for head, answer in zip(variant.heads.heads, variant.trainee.answers(), strict=True):
        own = variant.rows.targets[:, head.own]
        flat = answer.reshape(len(answer), -1)
        spread = float(np.square(own - own.mean(axis=0)).sum())
        shares.append(float(np.square(own - flat).sum()) / spread if spread > 0 else float("nan"))
    return float(np.mean(shares))
