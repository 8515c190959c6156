"""``mlpdoctor.gradcheck``: hand-written code against the true gradient of its loss."""

from collections.abc import Callable
from dataclasses import fields

from mlpdoctor.core.gradient_report import GradientReport
from mlpdoctor.gradcheck.check import gradcheck as checked

HERE = "your code"
"""What the code is called that was given as functions, not as a file."""
COLUMNS = 96


class GradientCheck(GradientReport):
    """What a gradient check comes to: shows as the terminal's text."""

    def __str__(self) -> str:
        """What ``mlpdoctor gradcheck`` prints."""
        from mlpdoctor.report.gradcheck import as_text

        return as_text(self, HERE, COLUMNS).strip("\n")

    def __repr__(self) -> str:
        """The same, so that a Python prompt shows it."""
        return str(self)


def gradcheck(
    parameters: object,
    loss: Callable[[], object],
    gradients: Callable[[], object] | None = None,
    update: Callable[[], object] | None = None,
    learning_rate: float | None = None,
    layers: object = None,
    x: object = None,
    y: object = None,
    masks: object = None,
) -> GradientCheck:
    """Compare the gradient in hand-written code with the true gradient of its loss, and name the mistake.

    All parameters hold afterwards what they held before, bit for bit, whatever happens.

    Args:
        parameters: the float arrays that the code trains, in a list, a dict, or lists of lists, or a function that
            returns them. They are changed in place.
        loss: a function without arguments: the loss at the present parameters, on fixed rows.
        gradients: a function without arguments: one array for each parameter.
        update: instead, a function that makes one step of gradient descent in place.
        learning_rate: of ``update``.
        layers: the activation of each layer from the input on, ``"tanh,tanh,linear"``, to have the mistake named.
        x: features, one row for each example (or one column).
        y: targets, likewise.
        masks: of dropout: for each layer what its output is multiplied with, of the output's shape, or None.

    Raises:
        InputError: the code cannot be checked; the message says why in one sentence.
    """
    found = checked(parameters, loss, gradients, update, learning_rate, layers, x, y, masks)
    return GradientCheck(**{one.name: getattr(found, one.name) for one in fields(found)})
