"""A gradient that is right but for what an optimizer would do: a limit on its size, or a multiple of the weights."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from mlpdoctor.core.gradient_report import Mistake
from mlpdoctor.core.network import Array
from mlpdoctor.gradcheck.backward import gradients
from mlpdoctor.gradcheck.code import Point
from mlpdoctor.gradcheck.plan import all_right
from mlpdoctor.gradcheck.search import Question

Clip = Callable[[Point], list[Array]]


def clipped(questions: Sequence[Question]) -> str | None:
    """The limit that makes the user's gradient of the true one at all points, in words; None where none does.

    Args:
        questions: the network and the user's gradient at several points, at one of which at least the limit must bite.
    """
    true = [gradients(one.run, all_right(one.run.chain.places)) for one in questions]
    for words, clip in _ways(questions):
        made = [clip(slopes) for slopes in true]
        pairs = zip(questions, made, strict=True)
        if all(one.equal(at, one.claim.values[at], values) for one, found in pairs for at, values in enumerate(found)):
            return words
    return None


def _ways(questions: Sequence[Question]) -> Iterator[tuple[str, Clip]]:
    """Each kind of limit at the largest value of the user's gradient, which it cannot have passed."""
    claims = [one.claim.values for one in questions]
    entry = max(float(np.abs(values).max()) for claim in claims for values in claim)
    length = max(float(np.linalg.norm(values)) for claim in claims for values in claim)
    whole = max(_length(claim) for claim in claims)
    yield f"each entry is held to {entry:.4g}", lambda slopes: [np.clip(values, -entry, entry) for values in slopes]
    yield (
        f"the length of each array is held to {length:.4g}",
        lambda slopes: [values * _share(length, float(np.linalg.norm(values))) for values in slopes],
    )
    yield (
        f"the length of the whole is held to {whole:.4g}",
        lambda slopes: [values * _share(whole, _length(slopes)) for values in slopes],
    )


def _length(slopes: Point) -> float:
    return float(np.sqrt(sum(float(np.sum(values**2)) for values in slopes)))


def _share(most: float, length: float) -> float:
    return min(1.0, most / length) if length else 1.0


def decay(questions: Sequence[Question]) -> Mistake | None:
    """The mistake, where one multiple of the kernels, or of all parameters, is the whole difference at all points.

    Args:
        questions: the network and the user's gradient at several points.
    """
    run = questions[0].run
    kernels = {place.kernel for place in run.chain.places}
    true = [gradients(one.run, all_right(run.chain.places)) for one in questions]
    for arrays in (kernels, set(range(len(run.point)))):
        share = _multiple(questions[0], true[0], arrays)
        pairs = [(one, slopes, at) for one, slopes in zip(questions, true, strict=True) for at in range(len(slopes))]
        if all(
            one.equal(at, one.claim.values[at], slopes[at] + (share if at in arrays else 0.0) * one.run.point[at])
            for one, slopes, at in pairs
        ):
            what = "weights" if arrays == kernels else "weights and biases"
            return Mistake(
                "l2-not-in-loss",
                f"the gradient holds {share:.4g} times the {what}, a penalty that loss() leaves out",
                f"d/dW c * sum(W**2) = 2 * c * W, and here 2 * c = {share:.4g}",
                f"loss = loss + {share / 2:.4g} * np.sum(W**2)  # for each W; or leave it out of the gradient",
            )
    return None


def _multiple(question: Question, true: Sequence[np.ndarray], arrays: set[int]) -> float:
    """The multiple of the parameters that comes nearest to what the user's gradient has too much."""
    point = question.run.point
    over = sum(float(np.sum((question.claim.values[at] - true[at]) * point[at])) for at in arrays)
    return over / sum(float(np.sum(point[at] ** 2)) for at in arrays)
