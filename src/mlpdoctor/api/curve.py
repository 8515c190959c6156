"""``mlpdoctor.curve``: what a training history says without the model."""

from typing import Any

from mlpdoctor.api.given import Given, Names, names, subject_of, untouched
from mlpdoctor.api.report import Report, pages_possible
from mlpdoctor.core.errors import UsageError
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.subject import Question


def curve(
    history: Any = None,  # noqa: ANN401  of Keras, a dictionary, a path
    *,
    data: Any = None,  # noqa: ANN401  a path
    plateau: str | float | None = None,
    loss: str | None = None,
    target: Names | None = None,
    features: Names | None = None,
    drop: Names = (),
    seed: int = 0,
) -> Report:
    """Say what a training curve shows, without the model.

    Args:
        history: what ``fit`` returned, its dictionary such as ``{"loss": [0.9, 0.5]}``, or the path of a log.
        data: the path of the data of the training, to tell which loss the plateau is.
        plateau: the loss at which training stopped, where there is no log; as a text it is as precise as its digits.
        loss: the loss that was logged: ``"mse"``, ``"mae"``, ``"bce"``; guessed from the log where it is not given.
        target: the target columns of the data.
        features: its feature columns.
        drop: its columns to leave out.
        seed: where random numbers start.

    Raises:
        InputError: the history or the data cannot be used.
    """
    if history is None and plateau is None:
        raise UsageError("give a history, or the loss it stopped at: mlpdoctor.curve(plateau='0.0057')")
    if history is not None and plateau is not None:
        raise UsageError("history and plateau: give one of them; a history tells the plateau")
    question = Question(
        target=names(target),
        features=names(features),
        drop=names(drop) or (),
        seed=seed,
        plateau=None if plateau is None else str(plateau),
    )
    with untouched():
        asked, subject = subject_of(Given(x=data, question=question, loss=loss, history=history))
        return Report(diagnose(asked, subject=subject, pictures=pages_possible()))
