"""``mlpdoctor.check``: the report on a model and its data, in memory or in files."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from mlpdoctor.api.given import Given, Names, names, path_of
from mlpdoctor.api.opening import subject_of, untouched
from mlpdoctor.api.report import Report
from mlpdoctor.core.check import Check
from mlpdoctor.core.errors import UsageError
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question
from mlpdoctor.engine.engine_choice import AUTO
from mlpdoctor.report.html.extra import installed


def checks_of(select: Names | None, ignore: Names | None) -> Sequence[Check] | None:
    """The checks that are left; None for all there are.

    Raises:
        InputError: a word names no rule, or none is left.
    """
    if select is None and not ignore:
        return None
    from mlpdoctor.cli.selection import Choice, chosen, known
    from mlpdoctor.diagnosis.diagnose import all_checks

    checks = all_checks()
    rules = [one.rule for one in checks]
    choice = Choice(names(select), names(ignore) or ())
    known(choice.select or (), rules, "select")
    known(choice.ignore, rules, "ignore")
    codes = chosen(rules, [choice])
    if not codes:
        raise UsageError("no rule is left: select and ignore take them all away")
    return [one for one in checks if one.rule.code in codes]


def check(
    model: Any,  # noqa: ANN401  Keras ships no types
    x: Any = None,  # noqa: ANN401  any library's
    y: Any = None,  # noqa: ANN401
    *,
    loss: Any = None,  # noqa: ANN401
    layers: Any = None,  # noqa: ANN401
    optimizer: Any = None,  # noqa: ANN401
    learning_rate: float | None = None,
    history: Any = None,  # noqa: ANN401
    sample_weight: Any = None,  # noqa: ANN401
    class_weight: Mapping[int, float] | None = None,
    validation: Any = None,  # noqa: ANN401
    split: str | float | None = None,
    preprocess: Callable[[Any], Any] | Any = None,  # noqa: ANN401
    target: Names | None = None,
    features: Names | None = None,
    drop: Names = (),
    select: Names | None = None,
    ignore: Names = (),
    quick: bool = False,
    seed: int = 0,
    engine: str = AUTO,
    custom_objects: str | None = None,
    max_bytes: int | None = None,
    cluster: Any = None,  # noqa: ANN401  Dask ships no types
) -> Report:
    """Say why the loss of a model on its data is stuck.

    Nothing in your process changes: no weight, no seed, no thread setting. A model in memory is read and not run;
    one with layers that mlpdoctor does not know is copied, and the copy is run.

    Args:
        model: a Keras 3 model, compiled or not, or the path of a saved one; or a fitted ``MLPRegressor`` or
            ``MLPClassifier`` of scikit-learn, alone or at the end of a ``Pipeline``; an ``nn.Sequential`` of torch; or
            the arrays of a hand-written network, ``[W1, b1, W2, b2]``, or the path of an ``.npz`` file of them.
        x: features of shape (rows, ...) as ``fit`` takes them: an array, a list, a tensor of any backend, a frame of
            pandas, polars or pyarrow, a sparse matrix; a list or a dictionary of these for several inputs; a
            ``tf.data.Dataset`` or ``PyDataset`` that yields x and y; or the path of a data file. Without it the
            architecture alone is looked at.
        y: targets of shape (rows,) or (rows, outputs), or a list or a dictionary for several outputs. Two different
            texts are read as 0 and 1.
        loss: a name such as ``"mse"``, or a loss of Keras or torch, where the model has none or another is meant.
        layers: of arrays the activation of each layer from the input on, ``"tanh,linear"``, or the path of a ``.toml``
            or ``.json`` file that says more.
        optimizer: of arrays its name, ``"sgd"``; of a model of torch the optimizer that trained it.
        learning_rate: of an optimizer that is a name.
        history: what ``fit`` returned, its dictionary, or the path of a log.
        sample_weight: how much each row counts, shape (rows,), none negative; of a file the name of a column.
        class_weight: a factor for each class, as in ``fit``.
        validation: rows that the model was not trained on: ``(x, y)`` or ``(x, y, sample_weight)`` as ``fit`` takes
            them, or a path. The report adds their loss, and says whether the model overfits.
        split: which of the rows in ``x`` it was not trained on: ``0.2`` for ``validation_split=0.2`` of ``fit``,
            ``"0.2:42"`` for ``train_test_split(test_size=0.2, random_state=42)`` of scikit-learn, and
            ``"0.2:42:stratify"`` where that had ``stratify=y``.
        preprocess: what the features go through first: a function, or a fitted transformer of scikit-learn.
        target: the target columns, where ``x`` is a file or a frame that holds them.
        features: its feature columns, in the model's order.
        drop: its columns to leave out.
        select: only these rules: codes, beginnings of codes, or names.
        ignore: not these rules.
        quick: leave out what can take long.
        seed: where random numbers start.
        engine: ``"auto"``, ``"numpy"`` or ``"keras"``: what runs the model.
        custom_objects: a Python file with the layers of a saved model, which is run.
        max_bytes: the most that is read of a file, unpacked.
        cluster: a ``distributed.Client``, ``"local"``, a number of workers or an address, whose workers read the data
            of a path.

    Raises:
        InputError: the model or the data cannot be used; one line says what was given and what was expected.
    """
    question = Question(
        target=names(target),
        features=names(features),
        drop=names(drop) or (),
        max_bytes=max_bytes,
        seed=seed,
        engine=engine,
        custom_objects=custom_objects,
        quick=quick,
        split=None if split is None else str(split),
    )
    weights = sample_weight, class_weight
    given = Given(
        model, x, y, question, loss, history, *weights, preprocess, layers, optimizer, learning_rate, validation
    )
    if cluster is not None and path_of(x) is None:
        raise UsageError("cluster: its workers read files; give x as a path that all of them see")
    with untouched(), ExitStack() as stack:
        if cluster is not None:
            from mlpdoctor.engine.cluster import connected

            question = replace(question, cluster=stack.enter_context(connected(cluster)))
            given = replace(given, question=question)
        chosen = checks_of(select, ignore)
        asked, subject = subject_of(given)
        return Report(diagnose(asked, checks=chosen, subject=subject, pictures=installed()))


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
        return Report(diagnose(asked, subject=subject, pictures=installed()))
