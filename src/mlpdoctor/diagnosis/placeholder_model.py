"""A network in place of a model that was not given: only its loss and its width are known."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from mlpdoctor.core.dataset import Dataset
from mlpdoctor.core.distinct import distinct
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.history import LOSS, Column, History, Run
from mlpdoctor.core.network import Array, Layer, Network, Node
from mlpdoctor.nn.losses.registry import kind_of, named

NOT_GIVEN = "NotGiven"
"""The kind of its one layer, which nothing can run."""
ROWS = 1 << 14
"""Rows looked at to tell numbers from classes."""
MOST_CLASSES = 1000
ENDS: Mapping[str, str] = MappingProxyType(
    {
        "binarycrossentropy": "sigmoid",
        "categoricalcrossentropy": "softmax",
        "sparsecategoricalcrossentropy": "softmax",
        "kldivergence": "softmax",
        "poisson": "exponential",
    }
)
"""The last activation that goes with a loss; with all others none."""
SQUARES = 0.35
"""Squared errors of probabilities for 0 and 1 average less from the first epoch on; 0.25 is a coin's."""
ACCURACIES = ("accuracy", "acc", "auc", "precision", "recall")


@dataclass(frozen=True)
class Guess:
    """A loss, and what it was told from; ``told`` is None where the user named it."""

    loss: str
    told: str | None = None


def network_of(history: History, dataset: Dataset | None, loss: str | None) -> tuple[Network, str | None]:
    """The network that wrote a history, as far as it is known, and what its loss was told from unless it was given.

    Raises:
        UsageError: when no such loss is known.
    """
    guess = Guess(loss) if loss is not None else guessed_loss(history.last, dataset)
    return placeholder_model(history.path, dataset, guess.loss), guess.told


def placeholder_model(path: str, dataset: Dataset | None, loss: str) -> Network:
    """The network whose loss is known and nothing else.

    Args:
        path: of the history.
        dataset: whose columns tell its widths; None for none.
        loss: as ``--loss`` names it.

    Raises:
        UsageError: when no such loss is known.
    """
    config = named(loss)
    kind = kind_of(config.name)
    names = () if kind is None else kind.names
    features = None if dataset is None else len(dataset.feature_names)
    end = next((ENDS[name] for name in names if name in ENDS), "linear")
    nodes = (
        Node(Layer("input", "InputLayer", {}), (), (features,)),
        Node(Layer("model", NOT_GIVEN, {}), (0,), (_units(dataset, end),)),
        Node(Layer("output", "Activation", {"activation": end}), (1,), (_units(dataset, end),)),
    )
    return Network("", nodes, (0,), (2,), ("output",), (config,), (1.0,), None, path, "no model")


def guessed_loss(run: Run | None, dataset: Dataset | None) -> Guess:
    """The loss that a log most likely shows, from the names in it and from the targets."""
    columns = {} if run is None else dict(run.columns)
    shown = columns.pop(LOSS, None)
    for name, column in columns.items():
        same = shown is not None and len(column) == len(shown) and kind_of(name) is not None
        if (
            same
            and shown is not None
            and np.all(np.abs(column.values - shown.values) <= column.rounding + shown.rounding)
        ):
            return Guess(name, f"loss: {name}, a column of the log with the same values")
    accuracy = next((name for name in columns if any(word in name.lower() for word in ACCURACIES)), None)
    if accuracy is None:
        targets = None if dataset is None else _targets(dataset)
        if targets is not None and targets.shape[1] == 1 and shown is not None and _yes_or_no(targets, shown):
            return Guess(
                "binary_crossentropy",
                "loss: binary cross-entropy, as the targets are 0 and 1 and the loss began above "
                f"{SQUARES}; another one with --loss",
            )
        return Guess("mse", "loss: mean squared error, as the log names no accuracy; another one with --loss")
    for name in ("sparse_categorical", "categorical", "binary"):
        if accuracy.removeprefix("val_").startswith(name):
            return Guess(
                f"{name}_crossentropy", f"loss: {name.replace('_', ' ')} cross-entropy, as the log has {accuracy}"
            )
    targets = None if dataset is None else _targets(dataset)
    if targets is not None and targets.shape[1] > 1:
        return Guess("categorical_crossentropy", f"loss: categorical cross-entropy, as the log has {accuracy}")
    if targets is not None and np.nanmax(targets, initial=0) > 1:
        return Guess("sparse_categorical_crossentropy", f"loss: cross-entropy of classes, as the log has {accuracy}")
    return Guess("binary_crossentropy", f"loss: binary cross-entropy, as the log has {accuracy}")


def _units(dataset: Dataset | None, end: str) -> int | None:
    if dataset is None:
        return None
    columns = len(dataset.target_names)
    if end != "softmax" or columns > 1:
        return columns
    highest = max((float(np.nanmax(batch.targets, initial=0)) for batch in dataset.batches(ROWS)), default=0.0)
    return int(min(max(highest, 1.0), MOST_CLASSES)) + 1


def _yes_or_no(targets: Array, shown: Column) -> bool:
    """Whether targets of 0 and 1 were most likely answered with probabilities: squared errors of those are small."""
    known = targets[np.isfinite(targets)]
    return bool(np.isin(known, (0.0, 1.0)).all()) and len(distinct(known)) > 1 and bool(shown.values[0] > SQUARES)


def _targets(dataset: Dataset) -> Array | None:
    first = next(dataset.batches(ROWS), None)
    return None if first is None else first.targets
