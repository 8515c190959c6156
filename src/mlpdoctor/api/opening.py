"""What a Python user gives, opened as the diagnosis takes it, in a process that goes on as it was."""

import logging
import os
import random
import time
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from mlpdoctor.api.given import VALIDATION, Given, apart, dataset_of, path_of
from mlpdoctor.api.library_words import in_python
from mlpdoctor.core.errors import InputError, UsageError
from mlpdoctor.core.history import History
from mlpdoctor.core.network import ArrayOptions, Network
from mlpdoctor.core.report_model import MODEL
from mlpdoctor.diagnosis.question import Question
from mlpdoctor.diagnosis.subject import Subject, logged, opened, read_model
from mlpdoctor.engine.engine_choice import AUTO, NUMPY
from mlpdoctor.nn.losses.registry import with_loss
from mlpdoctor.readers.models.live_keras import is_keras, is_keras_3, loss_of, read_live
from mlpdoctor.readers.models.live_sklearn import FittedEstimator, is_sklearn, read_estimator
from mlpdoctor.readers.models.live_torch import is_torch
from mlpdoctor.readers.models.weight_arrays import is_arrays


def subject_of(given: Given) -> tuple[Question, Subject]:
    """Open all that was given.

    Raises:
        InputError: it cannot be used.
    """
    started = time.perf_counter()
    question = replace(given.question, model=_label(given.model), data=path_of(given.x), arrays=_array_options(given))
    named = given.loss if isinstance(given.loss, str) else None
    history = _history(given.history, replace(question, loss=named))
    if given.model is None:
        return _without_a_model(given, question, history, started)
    runs_in_keras = is_keras_3(given.model)
    if path_of(given.model) is None and not runs_in_keras:
        question = _in_numpy(question)
    if is_sklearn(given.model):
        estimator = read_estimator(given.model)
        given, network, live = _fitted(given, estimator), estimator.network, None
        history = history or estimator.history
    else:
        network, live = _network(given, question), given.model if runs_in_keras else None
    if not is_torch(given.model):
        network = _with_loss(network, given.loss)
    dataset, unseen = apart(dataset_of(given, network, question), given, network, question)
    return question, Subject(network, dataset, history, time.perf_counter() - started, live, unseen)


def _in_numpy(question: Question) -> Question:
    """The question of a model in memory that Keras 3 cannot run.

    Raises:
        UsageError: Keras was asked for.
    """
    if question.engine not in (AUTO, NUMPY):
        raise UsageError(f"engine={question.engine!r}: this model is none of Keras 3, which would run it; leave it out")
    return replace(question, engine=NUMPY)


def _label(model: object) -> str | None:
    return None if model is None else path_of(model) or MODEL


def _fitted(given: Given, estimator: FittedEstimator) -> Given:
    """The same with x and y as the network at the end of a pipeline takes them."""
    if given.x is None or path_of(given.x) is not None:
        return given if given.preprocess is not None else replace(given, preprocess=estimator.preprocess)
    own = given.preprocess or estimator.preprocess
    if isinstance(given.validation, tuple) and len(given.validation) in VALIDATION:
        x, y, *weight = given.validation
        given = replace(given, validation=(x, estimator.labels(y), *weight))
    return replace(given, preprocess=own, y=None if given.y is None else estimator.labels(given.y))


def _array_options(given: Given) -> ArrayOptions | None:
    """What is said of a model that is arrays; None for all other models.

    Raises:
        UsageError: such a thing is said of a model that tells it itself.
    """
    of_arrays = is_arrays(given.model) or path_of(given.model) is not None
    if given.layers is None or not of_arrays:
        for name in ("layers", "optimizer", "learning_rate"):
            if getattr(given, name) is not None and not (name == "optimizer" and is_torch(given.model)):
                raise UsageError(f"{name}: it is for arrays of a hand-written network, with layers='tanh,linear'")
        return None
    if not isinstance(given.optimizer, str | None):
        raise UsageError(
            f"optimizer: {type(given.optimizer).__name__} was given; of arrays it is a name, such as 'sgd'"
        )
    layers = given.layers if isinstance(given.layers, str | os.PathLike) else ",".join(map(str, _listed(given.layers)))
    return ArrayOptions(os.fspath(layers), given.optimizer, given.learning_rate)


def _listed(layers: object) -> Iterable[object]:
    if not isinstance(layers, list | tuple):
        raise UsageError(f"layers: {type(layers).__name__} was given; expected names of activations: 'tanh,linear'")
    return layers


def _network(given: Given, question: Question) -> Network:
    model, path = given.model, path_of(given.model)
    if path is not None:
        return read_model(path, question)
    if is_keras(model):
        return read_live(model)
    if is_torch(model):
        from mlpdoctor.readers.models.live_torch import read_torch

        x, y = given.x, given.y
        labels = y is None or len(_shape(y)) == 1 or _shape(y)[1:] == (1,)
        return read_torch(model, given.loss, given.optimizer, _shape(x)[1:] or None, labels=labels)
    if is_arrays(model):
        from mlpdoctor.readers.models.weight_arrays import read_array_list

        if question.arrays is None:
            raise UsageError(f"model: {type(model).__name__} of arrays was given; name the activations: {HOW_ARRAYS}")
        return read_array_list(model, question.arrays)
    raise UsageError(
        f"model: {type(model).__name__} was given; expected a Keras model, the path of a saved one, nn.Sequential of "
        f"torch, a fitted MLP of scikit-learn, or arrays: {HOW_ARRAYS}"
    )


def _shape(data: Any) -> tuple[int, ...]:  # noqa: ANN401  of any library
    """The shape of an array, a tensor or a list; one number for anything that has none."""
    return tuple(data.shape) if hasattr(data, "shape") else np.shape(data) if isinstance(data, list | tuple) else (0,)


HOW_ARRAYS = "mlpdoctor.check([W1, b1, W2, b2], x, y, layers='tanh,linear', loss='mse')"


def _with_loss(network: Network, loss: object) -> Network:
    if loss is None or isinstance(loss, str):
        return with_loss(network, loss)
    return replace(network, losses=(loss_of(loss),) * len(network.outputs))


def _history(given: object, question: Question) -> History | None:
    """A history, a path of one, or several of both."""
    paths = [given] if path_of(given) is not None else given
    if isinstance(paths, list | tuple) and paths and all(path_of(one) is not None for one in paths):
        return logged(replace(question, history=tuple(path_of(one) or "" for one in paths)), None)
    if given is None:
        return logged(question, None)
    from mlpdoctor.readers.histories.live_history import read_live_history

    return read_live_history(given)


def _without_a_model(
    given: Given, question: Question, history: History | None, started: float
) -> tuple[Question, Subject]:
    """A history and perhaps data, of which only a file is read."""
    if given.x is not None and question.data is None:
        raise UsageError(
            "x: give the path of the data here, or the model too: mlpdoctor.check(model, x, y, history=...)"
        )
    if given.loss is not None and not isinstance(given.loss, str):
        raise UsageError("loss: without a model it is a name, such as 'mse'")
    question = replace(question, loss=given.loss)
    found = opened(question, history=history)
    return question, replace(found, seconds=time.perf_counter() - started)


@contextmanager
def untouched() -> Iterator[None]:
    """The user's process goes on afterwards as if nothing had been drawn, set or silenced meanwhile.

    Raises:
        InputError: as inside, with options of the command line as the arguments that they are in Python.
    """
    of_python, of_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002  the user's, not ours
    variables, talking = dict(os.environ), logging.getLogger("tensorflow")
    level = talking.level
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # as on the command line: they are about how mlpdoctor works
            yield
    except InputError as fault:
        fault.args = (in_python(str(fault)),)
        raise
    finally:
        random.setstate(of_python)
        np.random.set_state(of_numpy)  # noqa: NPY002
        talking.setLevel(level)
        for name in os.environ.keys() - variables.keys():
            del os.environ[name]
