"""One side of a trial: a model made from its data, written and read back as ``check`` would, ready to be trained."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from mlpdoctor import facts as fact_package
from mlpdoctor.engines.inputs import split
from mlpdoctor.errors import InputError
from mlpdoctor.fact import Absent, Fact
from mlpdoctor.heads import Heads
from mlpdoctor.lean import dataclass
from mlpdoctor.network import Network, Stored
from mlpdoctor.passes import Passes
from mlpdoctor.readers.model import read_network
from mlpdoctor.registry import declared
from mlpdoctor.resolve import Answers, fact_types
from mlpdoctor.treatments.apply import edited, recoded
from mlpdoctor.treatments.edits import Edit, EditError, Recode
from mlpdoctor.treatments.spec import ModelSpec
from mlpdoctor.trials.backend import keras
from mlpdoctor.trials.fit import Table, Trainee
from mlpdoctor.trials.model import NO_CODE, Code, build, put_weights, write
from mlpdoctor.trials.rows import InMemory, Rows, answers_wanted


class Unfit(InputError):  # noqa: N818  not every change can be tried on every model
    """A model that cannot be trained on these rows; the message says why."""


@dataclass(frozen=True, eq=False)
class Side:
    """A model ready to be trained.

    Attributes:
        spec: the model as data, as drawn from the first seed.
        network: the same as our reader sees it.
        heads: its outputs with their losses.
        rows: the rows, with targets spelt as this model takes them.
        trainee: the Keras model on these rows.
        starts: weights to start from, by seed.
    """

    spec: ModelSpec
    network: Network
    heads: Heads
    rows: Rows
    trainee: Trainee
    starts: Sequence[Sequence[Stored]]


def make(spec: ModelSpec, edits: Sequence[Edit], rows: Rows, seeds: Sequence[int], code: Code = NO_CODE) -> Side:
    """The model with these edits, on these rows.

    Args:
        spec: the model.
        edits: in order; none for the control.
        rows: to train and judge on.
        seeds: of the runs.
        code: the user's own layers and functions, by name.

    Raises:
        Unfit: an edit does not fit, Keras refuses the model, or its loss does not go with these targets.
    """
    try:
        targets = recoded(rows.targets, edits)
        random = any(not isinstance(edit, Recode) for edit in edits)
        return drawn(lambda seed: edited(spec, edits, seed), rows.spelt(targets), seeds, code, random=random)
    except EditError as complaint:
        raise Unfit(str(complaint)) from complaint


def drawn(
    draw: Callable[[int], ModelSpec], rows: Rows, seeds: Sequence[int], code: Code = NO_CODE, *, random: bool = True
) -> Side:
    """A model whose first weights hang on the seed, on these rows.

    Args:
        draw: gives the model of a seed.
        rows: with targets as the model takes them.
        seeds: of the runs.
        code: the user's own layers and functions, by name.
        random: whether the models of two seeds differ.

    Raises:
        Unfit: Keras refuses the model, or its loss does not go with these targets.
    """
    first = draw(seeds[0])
    keras().utils.set_random_seed(seeds[0])
    try:
        model = build(first, code)
        network = reread(model)
    except Exception as fault:
        raise Unfit(f"Keras does not take the changed model: {_line(fault)}") from fault
    heads = heads_of(network, rows)
    if isinstance(heads, Absent):
        raise Unfit(heads.reason)
    if heads.columns != rows.targets.shape[1]:
        raise Unfit(f"its loss takes {heads.columns} target columns, and there are {rows.targets.shape[1]}")
    table = Table(
        [part.astype("float32") for part in split(network, rows.features)],
        answers_wanted(network, heads, rows.targets),
        rows.single_weights,
    )
    trainee = Trainee(model, table)
    try:
        trainee.loss()
    except Exception as fault:
        raise Unfit(f"Keras cannot judge the changed model on these rows: {_line(fault)}") from fault
    starts = [trainee.start.weights]
    for seed in seeds[1:]:
        if random:
            put_weights(model, draw(seed).weights)
        starts.append(trainee.snapshot().weights)
    trainee.put(trainee.start)
    return Side(first, network, heads, rows, trainee, starts)


def _line(fault: BaseException) -> str:
    return " ".join(str(fault).split())[:200] or type(fault).__name__


def reread(model: object) -> Network:
    """The network as ``check`` would read it, were the model saved."""
    with tempfile.TemporaryDirectory(prefix="mlpdoctor-") as folder:
        file = Path(folder) / "model.keras"
        write(model, file)
        return read_network(str(file))


def heads_of(network: Network, rows: Rows) -> Heads | Absent:
    """Its outputs with their losses, and how these rows spell the targets."""
    features = tuple(f"x{k}" for k in range(rows.features.shape[1]))
    targets = tuple(f"y{k}" for k in range(rows.targets.shape[1]))
    passes = Passes(InMemory(rows, features, targets))
    found: Heads | Absent = Answers(network, fact_types(declared(fact_package, Fact)), passes).get(Heads)
    return found
