"""What a Python user gives, paths or objects in any mixture, and the rows that it holds."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mlpdoctor.core.dataset import Dataset, Wanted
from mlpdoctor.core.errors import InputError, UsageError
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Network
from mlpdoctor.core.text import listing
from mlpdoctor.diagnosis.question import Question, wanted
from mlpdoctor.diagnosis.subject import opened_table, rows_apart
from mlpdoctor.readers.tables.held_out import HeldOut, applied, fitting, function_of
from mlpdoctor.readers.tables.memory_data import Weights, open_memory
from mlpdoctor.readers.tables.memory_streams import stream_of

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


def dataset_of(given: Given, network: Network, question: Question) -> Dataset | None:
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


def apart(
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
        other = dataset_of(replace(given, x=x, y=y, sample_weight=next(iter(weight), None)), network, alone)
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
