"""One side of a trial: a model made from its data, written and read back as ``check`` would, ready to be trained."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from mlpdoctor.core.check import Absent
from mlpdoctor.core.errors import InputError
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Network
from mlpdoctor.engine.keras_start import keras
from mlpdoctor.engine.tape import split
from mlpdoctor.nn.heads import Heads, heads_of
from mlpdoctor.readers.models.model import read_network
from mlpdoctor.treat.editing.apply import edited, recoded
from mlpdoctor.treat.editing.edits import Edit, EditError, ModelSpec
from mlpdoctor.treat.trials.fit import Snapshot, Trainee
from mlpdoctor.treat.trials.model import NO_CODE, Code, arranged, build, write
from mlpdoctor.treat.trials.rows import Rows, Table, answers_wanted

BAKED = {"mean", "variance"}
"""Weights of a Normalization layer: what is compiled holds their values."""


class Unfit(InputError):  # noqa: N818  not every change can be tried on every model
    """A model that cannot be trained on these rows; the message says why."""


@dataclass(frozen=True, eq=False)
class Variant:
    """A model ready to be trained.

    Attributes:
        spec: the model as data, as drawn from the first seed.
        network: its layers and losses as our reader sees them.
        heads: its outputs with their losses.
        rows: the rows, with targets written as this model takes them.
        trainee: a Keras model of this kind on these rows; sides that differ in their start alone share one.
        starts: where to start from, by seed.
    """

    spec: ModelSpec
    network: Network
    heads: Heads
    rows: Rows
    trainee: Trainee
    starts: Sequence[Snapshot]


class VariantBuilder:
    """Makes sides; those that differ in their weights or their learning rate alone are compiled once."""

    def __init__(self, rows: Rows, seeds: Sequence[int], code: Code = NO_CODE) -> None:
        """Hold what all sides share.

        Args:
            rows: to train and judge on.
            seeds: of the runs.
            code: the user's own layers and functions, by name.
        """
        self.rows = rows
        self.seeds = tuple(seeds)
        self.code = code
        self.xla = False
        """Whether loops are compiled: decided once, when it is known what an update costs."""
        self._made: dict[str, Variant] = {}

    def make(self, spec: ModelSpec, edits: Sequence[Edit] = ()) -> Variant:
        """The model with these edits.

        Raises:
            Unfit: an edit does not fit, Keras refuses the model, or its loss does not go with these targets.
        """
        try:
            targets = recoded(self.rows.targets, edits)
            models = [edited(spec, edits, seed) for seed in self.seeds]
        except EditError as complaint:
            raise Unfit(str(complaint)) from complaint
        return self.variant(models, self.rows if targets is self.rows.targets else self.rows.with_targets(targets))

    def variant(self, models: Sequence[ModelSpec], rows: Rows) -> Variant:
        """A model by its start for each seed, on these rows.

        Raises:
            Unfit: Keras refuses the model, or its loss does not go with these targets.
        """
        key = _print(models[0], rows)
        known = self._made.get(key)
        if known is None:
            known = self._made[key] = self._build(models[0], rows)
        starts = [_start(known.trainee, model) for model in models]
        return replace(known, spec=models[0], starts=starts)

    def _build(self, spec: ModelSpec, rows: Rows) -> Variant:
        keras().utils.set_random_seed(self.seeds[0])
        try:
            model = build(spec, self.code)
            network = reread(model)
        except Exception as fault:
            raise Unfit(f"Keras does not take the changed model: {_line(fault)}") from fault
        heads = heads_of(network, rows.targets.shape[1])
        if isinstance(heads, Absent):
            raise Unfit(heads.reason)
        if heads.columns != rows.targets.shape[1]:
            raise Unfit(f"its loss takes {heads.columns} target columns, and there are {rows.targets.shape[1]}")
        table = Table(
            [part.astype("float32") for part in split(network, rows.features)],
            answers_wanted(network, heads, rows.targets),
            rows.single_weights,
        )
        trainee = Trainee(model, table, xla=self.xla)
        try:
            trainee.loss()
        except Exception as fault:
            raise Unfit(f"Keras cannot judge the changed model on these rows: {_line(fault)}") from fault
        return Variant(spec, network, heads, rows, trainee, [trainee.start])


def _print(spec: ModelSpec, rows: Rows) -> str:
    """What has to be compiled again when it changes: not how weights are first drawn, nor a constant learning rate."""
    optimizer = spec.compiled.get("optimizer") or {}
    options = optimizer.get("config", {}) if isinstance(optimizer, Mapping) else {}
    rate = options.get("learning_rate")
    held = (
        {**optimizer, "config": {**options, "learning_rate": None, "name": None}}
        if isinstance(rate, int | float)
        else optimizer
    )
    baked = {path: named for path, named in spec.weights.items() if BAKED <= set(named) <= {*BAKED, "count"}}
    values = {path: [np.asarray(array).tolist() for array in named.values()] for path, named in baked.items()}
    parts = [
        values,
        spec.kind,
        _lasting(spec.config),
        {**spec.compiled, "optimizer": held},
        id(rows.targets),
        len(rows.targets),
    ]
    return json.dumps(parts, sort_keys=True, default=str)


def _lasting(config: Any) -> Any:  # noqa: ANN401  JSON
    if isinstance(config, Mapping):
        return {key: _lasting(value) for key, value in config.items() if not str(key).endswith("_initializer")}
    return [_lasting(item) for item in config] if isinstance(config, list | tuple) else config


def _start(trainee: Trainee, spec: ModelSpec) -> Snapshot:
    """Where a model of this kind starts: its own weights, its own rate, an optimizer that remembers nothing."""
    weights = arranged(trainee.model, spec.weights, trainee.start.weights)
    optimizer = spec.compiled.get("optimizer") or {}
    rate = optimizer.get("config", {}).get("learning_rate") if isinstance(optimizer, Mapping) else None
    state = list(trainee.start.state)
    if isinstance(rate, int | float):
        place = trainee.place_of_rate
        if place is not None:
            state[place] = np.asarray(rate, dtype=state[place].dtype)
    return Snapshot(weights, state)


def _line(fault: BaseException) -> str:
    return " ".join(str(fault).split())[:200] or type(fault).__name__


def reread(model: object) -> Network:
    """The network as ``check`` would read it, were the model saved."""
    with tempfile.TemporaryDirectory(prefix="mlpdoctor-") as folder:
        file = Path(folder) / "model.keras"
        write(model, file)
        return read_network(str(file))
