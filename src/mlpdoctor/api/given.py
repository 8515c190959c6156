"""What a Python user gives, as the diagnosis takes it: paths or objects, in any mixture."""

import logging
import os
import random
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from mlpdoctor.api.library_words import in_python
from mlpdoctor.core.dataset import Dataset, Wanted
from mlpdoctor.core.errors import InputError, UsageError
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.history import History
from mlpdoctor.core.network import ArrayOptions, Network
from mlpdoctor.core.text import listing
from mlpdoctor.diagnosis.subject import (
    Question,
    Subject,
    logged,
    opened,
    opened_table,
    read_model,
    rows_apart,
    wanted,
)
from mlpdoctor.engine.engine_choice import AUTO, NUMPY
from mlpdoctor.nn.losses.registry import with_loss
from mlpdoctor.readers.models.live_arrays import is_arrays
from mlpdoctor.readers.models.live_keras import NAME, is_keras, is_keras_3, loss_of, read_live
from mlpdoctor.readers.models.live_sklearn import FittedEstimator, is_sklearn, read_estimator
from mlpdoctor.readers.models.live_torch import is_torch
from mlpdoctor.readers.tables.held_out import HeldOut, fitting
from mlpdoctor.readers.tables.memory_data import Weights, open_memory
from mlpdoctor.readers.tables.memory_streams import stream_of
from mlpdoctor.readers.tables.preprocessed import applied, function_of

Names = str | Iterable[str]
"""One name, several with commas between them, or several."""
PREPROCESS = "preprocess"
VALIDATION = (2, 3)
"""Parts of what ``fit`` takes as ``validation_data``."""


@dataclass(frozen=True, eq=False)
class Given:
    """The arguments of a call that say what to look at; as the public functions document them.

    Attributes:
        model: a path or a live model; None to look at a history alone.
        x: a path, or features; None without data.
        y: targets; None where ``x`` is a path or holds them.
        question: the rest, as the command line would ask.
        loss: a name, or a loss of Keras; None for the model's own.
        history: paths or objects.
        sample_weight: one number for each row, or the name of a column of a file.
        class_weight: a factor for each class.
        preprocess: what the features go through first.
        layers: the activation of each layer, where the model is a list or a file of arrays.
        optimizer: of such a model its name; of a model of torch its optimizer.
        learning_rate: of an optimizer that is a name.
        validation: rows that the model was not trained on, a path or ``(x, y)``, as ``fit`` takes them.
    """

    model: object = None
    x: object = None
    y: object = None
    question: Question = Question()
    loss: object = None
    history: object = None
    sample_weight: object = None
    class_weight: Mapping[int, float] | None = None
    preprocess: Callable[[Any], Any] | object | None = None
    layers: object = None
    optimizer: object = None
    learning_rate: float | None = None
    validation: object = None


def names(given: Names | None) -> tuple[str, ...] | None:
    """Names as a tuple; None for none at all."""
    if given is None:
        return None
    words = [given] if isinstance(given, str) else list(given)
    return tuple(name.strip() for word in words for name in str(word).split(",") if name.strip())


def path_of(given: object) -> str | None:
    """The path that something is; None for anything else."""
    return os.fspath(given) if isinstance(given, str | os.PathLike) else None


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
    dataset, unseen = _apart(_dataset(given, network, question), given, network, question)
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
    return None if model is None else path_of(model) or NAME


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
        from mlpdoctor.readers.models.live_arrays import read_array_list

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


def _dataset(given: Given, network: Network, question: Question) -> Dataset | None:
    """The data; None without any."""
    if given.x is None:
        if given.y is not None:
            raise UsageError("x is missing: give the features too, mlpdoctor.check(model, x, y)")
        return None
    asked = wanted(network, question)
    if question.data is not None:
        return _of_file(question.data, given, question, asked)
    if isinstance(given.sample_weight, str):
        raise UsageError("sample_weight: a column of x cannot be named here; give the weights, one for each row")
    x = given.x
    for option in ("target", "features", "drop"):
        _require_columns(x, option, getattr(question, option))
    if given.preprocess is not None:
        x = applied(function_of(given.preprocess, PREPROCESS), x, PREPROCESS)
    return open_memory(x, given.y, Weights(given.sample_weight, given.class_weight), network, asked)


def _apart(
    dataset: Dataset | None, given: Given, network: Network, question: Question
) -> tuple[Dataset | None, HeldOut | None]:
    """The rows trained on, and those that the model has not seen."""
    path = path_of(given.validation)
    if given.validation is None or path is not None:
        if question.split is not None and stream_of(given.x) is not None:
            raise UsageError("split: a stream may come in another order each time; give the rows as validation=(x, y)")
        return rows_apart(dataset, network, replace(question, validation=path))
    if dataset is None or question.split is not None:
        raise UsageError("validation: give x and y of the rows trained on too, and leave split out")
    if not isinstance(given.validation, tuple) or len(given.validation) not in VALIDATION:
        raise UsageError(
            f"validation: {type(given.validation).__name__} was given; expected a path, (x, y) or (x, y, sample_weight)"
        )
    x, y, *weight = given.validation
    alone = replace(question, data=None, target=None, features=None, drop=())
    try:
        other = _dataset(replace(given, x=x, y=y, sample_weight=next(iter(weight), None)), network, alone)
    except InputError as fault:
        fault.args = (f"validation: {fault}",)
        raise
    if other is None:
        raise UsageError("validation: x is missing; give (x, y)")
    return dataset, fitting(dataset, other, "of validation")


def _require_columns(x: object, option: str, names: Sequence[str] | None) -> None:
    """An option that names no column of x would do nothing.

    Raises:
        UsageError: it names one that is not there, or x has no names.
    """
    columns = getattr(x, "column_names", getattr(x, "columns", None))
    if names and columns is None:
        raise UsageError(f"{option}: it names columns of a frame, and x is {type(x).__name__}, without names")
    have = [str(name) for name in columns] if columns is not None else []
    for name in names or ():
        if name not in have and not name.lstrip("-").isdigit():
            raise UsageError(f"{option}: {name!r} is no column of x; its columns are {listing(have)}")


def _of_file(path: str, given: Given, question: Question, asked: Wanted) -> Dataset:
    if given.y is not None:
        raise UsageError(f"{path}: y goes with arrays; of a file name its columns with target=")
    if given.class_weight is not None or not isinstance(given.sample_weight, str | None):
        raise UsageError(f"{path}: weights of a file are a column of it: sample_weight='name'")
    asked = replace(asked, sample_weight=given.sample_weight)
    function = None if given.preprocess is None else function_of(given.preprocess, PREPROCESS)
    return opened_table(path, asked, replace(question, preprocess=function))


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
