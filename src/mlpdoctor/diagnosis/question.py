"""What is asked: which model, data and history, and how they are to be read."""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mlpdoctor.core.dataset import Wanted
from mlpdoctor.core.errors import InputError
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import ArrayOptions, Network, row_width
from mlpdoctor.engine.engine_choice import AUTO
from mlpdoctor.nn.losses.registry import target_counts
from mlpdoctor.readers.tables.data import files_in, npy_pair
from mlpdoctor.readers.tables.held_out import Preprocess
from mlpdoctor.readers.tables.places import Named, is_folder

if TYPE_CHECKING:
    pass


PREPROCESS = "--preprocess"


@dataclass(frozen=True)
class Question:
    """What the user asks.

    Attributes:
        model: path of the model file; None to look at a training history alone.
        data: path of the data, ``-`` for standard input, None to look at the model alone.
        target: names or positions of the target columns; None for a guess.
        features: names of the feature columns; None for all the rest.
        drop: columns to leave out.
        loss: name of the loss, where the file has none or another is meant.
        sample_weight: name of the column that says how much each row counts in the loss.
        max_bytes: limit on what is read of either file, unpacked; None for the readers' own limits.
        seed: where random numbers start; 0 for the places where they always do.
        engine: ``auto``, ``numpy`` or ``keras``: what runs the network.
        custom_objects: a Python file with the model's own layers, which is run; None for none.
        history: files and folders that training logged to; the last run of the last one made the saved model.
        plateau: the loss at which training stopped, as it was printed, where there is no log.
        quick: whether to leave out what can take long.
        preprocess: what the features of a data file go through first, as ``FILE:NAME`` of a Python file, which is run,
            or as the function itself; None for nothing.
        arrays: what makes a model of a file of arrays; None for a saved model.
        architecture: a file with the architecture of a model whose file holds the weights alone; None for any other.
        cluster: a client of the cluster whose workers read the data; None to read them here.
        validation: path of rows that the model was not trained on; None without any.
        split: which of the rows in ``data`` it was not trained on, ``0.2:42``; None for none that are known.
    """

    model: str | None = None
    data: str | None = None
    target: tuple[str, ...] | None = None
    features: tuple[str, ...] | None = None
    drop: tuple[str, ...] = ()
    loss: str | None = None
    sample_weight: str | None = None
    max_bytes: int | None = None
    seed: int = 0
    engine: str = AUTO
    custom_objects: str | None = None
    history: tuple[str, ...] = ()
    plateau: str | None = None
    quick: bool = False
    preprocess: str | Preprocess | None = None
    arrays: ArrayOptions | None = None
    architecture: str | None = None
    cluster: object = None
    validation: str | None = None
    split: str | None = None

    @property
    def asked(self) -> tuple[str, ...]:
        """The options that say which columns and which loss are meant, as a command line spells them."""
        given = {
            "--target": ",".join(self.target or ()),
            "--features": ",".join(self.features or ()),
            "--drop": ",".join(self.drop),
            "--loss": self.loss or "",
            "--sample-weight": self.sample_weight or "",
        }
        return tuple(word for option, value in given.items() if value for word in (option, value))

    @property
    def limit(self) -> dict[str, int]:
        """The limit on what is read of a file, as the readers take it."""
        return {} if self.max_bytes is None else {"max_bytes": self.max_bytes}


def files_read(question: Question) -> Iterator[tuple[str, str]]:
    """Every file that answering a question reads: what it is, and its path; ``-`` for standard input.

    Of folders those files that are read; a report may lie beside them.
    """
    if question.model is not None:
        yield "the model", question.model
    if question.data is not None:
        parts = npy_pair(question.data) or (question.data,)
        yield from (("the data", file) for part in parts for file in _with_files(part, files_in))
    if question.validation is not None:
        yield from (("the validation data", file) for file in _with_files(question.validation, files_in))
    for path in question.history:
        yield from (("the history", file) for file in _with_files(path, _files_of_a_history))
    if question.custom_objects is not None:
        yield "the code of --custom-objects", question.custom_objects
    if question.architecture is not None:
        yield "the architecture", question.architecture
    if question.arrays is not None and Path(question.arrays.layers).suffix:
        yield "the layers of --layers", question.arrays.layers
    if isinstance(question.preprocess, str):
        yield f"the code of {PREPROCESS}", question.preprocess.rpartition(":")[0]


def _with_files(path: str, inside: Callable[[str], Iterable[Named]]) -> list[str]:
    """The path, and the files in it where it is a folder that can be looked into."""
    with contextlib.suppress(OSError, InputError):  # reading it will say what is wrong
        return [path, *(str(file) for file in inside(path))] if is_folder(path) else [path]
    return [path]


def _files_of_a_history(path: str) -> Iterable[Path]:
    from mlpdoctor.readers.histories import history

    return history.files_in(Path(path))


def wanted(network: Network | None, question: Question) -> Wanted:
    """What the model, where there is one, and the user ask of the data."""
    return Wanted(
        features=None if network is None else network.input_width,
        targets=() if network is None else target_counts(network),
        target=question.target,
        feature_names=question.features,
        drop=question.drop,
        sample_weight=question.sample_weight,
        classes=network.output_widths[0] if network is not None and len(network.outputs) == 1 else None,
        inputs=()
        if network is None
        else tuple(
            (network.nodes[place].layer.name, row_width(network.nodes[place].shape)) for place in network.inputs
        ),
        outputs=() if network is None else network.output_names,
    )
