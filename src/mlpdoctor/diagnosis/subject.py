"""What is asked, and the model, the data and the history that it is asked about, opened."""

import dataclasses
import time
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from mlpdoctor.core.dataset import Dataset, Wanted
from mlpdoctor.core.errors import ModelFileError, UsageError
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.history import History, together
from mlpdoctor.core.network import Network
from mlpdoctor.diagnosis.question import PREPROCESS, Question, wanted
from mlpdoctor.nn.losses.registry import kind_of, named, with_loss
from mlpdoctor.readers.models.model import read_network
from mlpdoctor.readers.tables.data import open_dataset
from mlpdoctor.readers.tables.held_out import PreprocessedDataset, function_of

if TYPE_CHECKING:
    from mlpdoctor.readers.tables.held_out import HeldOut

BELOW_ZERO = ("cosine similarity", "Poisson loss", "Kullback-Leibler divergence")
"""Losses that can be negative."""


@dataclass(frozen=True, eq=False)
class Subject:
    """What a diagnosis looks at, opened once; the rows of the data can be read again and again.

    Attributes:
        network: the model, or one of which only the loss and the width are known where no model was given.
        dataset: None without data.
        history: None without a training history.
        live: the model itself, where it is in memory: what Keras needs to follow it.
    """

    network: Network
    dataset: Dataset | None
    history: History | None
    seconds: float
    """That opening it took."""
    live: object = None
    unseen: "HeldOut | None" = None
    """Rows that the model was not trained on; None without any."""


def opened(question: Question, stdin: BinaryIO | None = None, history: History | None = None) -> Subject:
    """Open all that a question names.

    Args:
        question: what is asked.
        stdin: where data or a history come from when their path is ``-``.
        history: one that is in memory already; None for those that the question names.

    Raises:
        InputError: when the model, the data or the history cannot be used.
    """
    started = time.perf_counter()
    if question.validation == question.data == "-":
        raise UsageError("standard input can be read only once: give DATA or the validation rows as a file")
    if question.model is None:
        found = _without_a_model(question, stdin, history)
        return Subject(*found, time.perf_counter() - started)
    network, dataset, history = _with_a_model(question.model, question, stdin, history)
    dataset, unseen = rows_apart(dataset, network, question)
    return Subject(network, dataset, history, time.perf_counter() - started, unseen=unseen)


Opened: TypeAlias = tuple[Network, Dataset | None, History | None]


def _with_a_model(path: str, question: Question, stdin: BinaryIO | None, history: History | None) -> Opened:
    network = with_loss(read_model(path, question), question.loss)
    if question.data is not None and without_weights(network):
        raise ModelFileError(
            f"{path}: this is the architecture alone, and data need weights; give those that model.save_weights wrote: "
            f"mlpdoctor check model.weights.h5 {question.data} --architecture {path}"
        )
    history = history or logged(question, stdin)
    dataset = None
    if question.data is not None:
        dataset = opened_table(question.data, wanted(network, question), question, stdin)
    return network, dataset, history


def without_weights(network: Network) -> bool:
    """Whether a model is an architecture alone."""
    return network.format.endswith("architecture")


def read_model(path: str, question: Question) -> Network:
    """The network in a file: a saved model, or the arrays of one that was written by hand.

    Raises:
        InputError: it is neither.
    """
    if question.arrays is None:
        return read_network(path, question.architecture, **question.limit)
    from mlpdoctor.readers.models.weight_arrays import read_arrays

    return read_arrays(path, question.arrays, **question.limit)


def opened_table(path: str, asked: Wanted, question: Question, stdin: BinaryIO | None = None) -> Dataset:
    """The rows of a file, their features preprocessed where the question says so.

    Args:
        path: of the data.
        asked: of the columns.
        question: with the function, and the limit on what is read.
        stdin: where data come from when their path is ``-``.

    Raises:
        InputError: the data cannot be used, or the function fails on them.
    """
    if question.cluster is not None:
        from mlpdoctor.engine.cluster import SpreadDataset

        alone = dataclasses.replace(question, cluster=None)
        return SpreadDataset(
            opened_table(path, asked, alone, stdin), partial(opened_table, path, asked, alone), question.cluster
        )
    if question.preprocess is None:
        return open_dataset(path, asked, stdin=stdin, **question.limit)
    function, named = question.preprocess, "preprocess"
    if isinstance(function, str):
        from mlpdoctor.engine.user_code import object_in

        named = f"{PREPROCESS} {function}"
        function = function_of(object_in(function, PREPROCESS), named)
    raw = open_dataset(path, dataclasses.replace(asked, features=None), stdin=stdin, **question.limit)
    return PreprocessedDataset(raw, function, asked.features, named)


def rows_apart(
    dataset: Dataset | None, network: Network, question: Question
) -> "tuple[Dataset | None, HeldOut | None]":
    """The rows that the model was trained on, and those that the question says it was not.

    Raises:
        InputError: there are no data to split, or the other rows do not fit them.
    """
    if question.split is None and question.validation is None:
        return dataset, None
    if dataset is None:
        raise UsageError("--validation and --split need the rows trained on too: mlpdoctor check model.keras data.csv")
    if question.split is not None and question.validation is not None:
        raise UsageError("--validation and --split both say which rows the model has not seen: give one of them")
    from mlpdoctor.readers.tables.held_out import held_out

    alone = dataclasses.replace(question, cluster=None)
    return held_out(
        dataset,
        lambda path, asked: opened_table(path, asked, alone),
        wanted(network, question),
        validation=question.validation,
        split=question.split,
    )


def _without_a_model(question: Question, stdin: BinaryIO | None, history: History | None) -> Opened:
    history = history or logged(question, stdin)
    if history is None:
        raise UsageError(
            "give a training history, or the loss it stopped at: mlpdoctor curve HISTORY, or --plateau 0.0057"
        )
    dataset = None
    if question.data is not None:
        dataset = open_dataset(question.data, wanted(None, question), stdin=stdin, **question.limit)
    from mlpdoctor.diagnosis.placeholder_model import network_of

    network, told = network_of(history, dataset, question.loss)
    if dataset is not None and told is not None:
        history = dataclasses.replace(history, guesses=(*history.guesses, told))
    return network, dataset, history


def logged(question: Question, stdin: BinaryIO | None) -> History | None:
    """The histories as one; None without any.

    Raises:
        InputError: one cannot be read.
        UsageError: there are a history and a plateau, or standard input would be read twice.
    """
    if question.plateau is not None:
        if question.history:
            raise UsageError("--history and --plateau: give one of them; a history tells the plateau")
        return _plateau(question.plateau, question.loss)
    if not question.history:
        return None
    if [*question.history, question.data].count("-") > 1:
        raise UsageError("standard input can be read only once: give the history or the data as a file")
    from mlpdoctor.readers.histories.history import read_history

    return together([read_history(path, stdin=stdin, **question.limit) for path in question.history])


def _plateau(text: str, loss: str | None) -> History:
    """The history that one value of the loss is.

    Raises:
        UsageError: it is no number, or no loss of that name can be so low.
    """
    history = History.of_plateau(text)
    kind = None if loss is None else kind_of(named(loss).name)
    if float(text) < 0 and (kind is None or kind.label not in BELOW_ZERO):
        told = "mean squared error and the like are" if kind is None else f"the {kind.label} is"
        raise UsageError(
            f"--plateau: {text.strip()} was given; {told} never below 0; give the loss as it was printed: 0.0057"
        )
    return history
