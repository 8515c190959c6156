"""Weight decay that the loss does not know of: a gradient that is right but for a multiple of the weights."""

from collections.abc import Sequence

import numpy as np

from mlpdoctor.core.gradient_report import Mistake
from mlpdoctor.gradcheck.backward import gradients
from mlpdoctor.gradcheck.plan import all_right
from mlpdoctor.gradcheck.search import Question


def decay(questions: Sequence[Question]) -> Mistake | None:
    """The mistake, where one multiple of the kernels, or of all parameters, is the whole difference at all points.

    Args:
        questions: the network and the user's gradient at several points.
    """
    run = questions[0].run
    kernels = {place.kernel for place in run.chain.places}
    true = [gradients(one.run, all_right(run.chain.places)) for one in questions]
    for arrays in (kernels, set(range(len(run.point)))):
        share = _share(questions[0], true[0], arrays)
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


def _share(question: Question, true: Sequence[np.ndarray], arrays: set[int]) -> float:
    """The multiple of the parameters that comes nearest to what the user's gradient has too much."""
    point = question.run.point
    over = sum(float(np.sum((question.claim.values[at] - true[at]) * point[at])) for at in arrays)
    return over / sum(float(np.sum(point[at] ** 2)) for at in arrays)
