"""The same network from new weights, with a fresh Adam: on a few rows, which it should learn by heart, and on all."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from mlpdoctor.core.trial_result import Memory, Trial
from mlpdoctor.engine.keras_start import keras
from mlpdoctor.treat.editing.edits import ModelSpec
from mlpdoctor.treat.trials.costs import cost_of
from mlpdoctor.treat.trials.experiment import Experiment
from mlpdoctor.treat.trials.model import NO_CODE, Code, build, layers, weights_of
from mlpdoctor.treat.trials.rows import Rows
from mlpdoctor.treat.trials.runs import Runs, TimeUp, run
from mlpdoctor.treat.trials.variant import Unfit

FEW = 20
"""Rows that any network with a few dozen weights can learn by heart."""
BY_HEART_UPDATES = 3000
RATE = 1e-3
"""Keras's own rate for Adam."""
BY_HEART = 0.05
"""A loss under this share of the best constant's on the few rows: learned."""
ADAM: Mapping[str, Any] = {
    "module": "keras.optimizers",
    "class_name": "Adam",
    "config": {"learning_rate": RATE},
    "registered_name": None,
}


FROM_SCRATCH = "train the same network from new weights with Adam at 0.001"


def made_anew(experiment: Experiment, control: Runs) -> Trial | None:
    """Whether the same network, made from scratch, learns the rows; None where that could not be tried.

    Args:
        experiment: the patient's.
        control: the saved model trained on.
    """
    experiment.tell("the same network from new weights")
    try:
        runs = experiment.run(
            experiment.builder.variant(
                [fresh(experiment.spec, seed, experiment.builder.code) for seed in experiment.seeds], experiment.rows
            )
        )
    except (Unfit, TimeUp):
        return None
    return dataclasses.replace(experiment.compared(control, runs), names=("fresh-compile",), text=FROM_SCRATCH)


def by_heart(experiment: Experiment, control: Runs) -> Memory | None:
    """Whether the same network, made from scratch, learns a few of the rows by heart; None where that was not tried.

    Args:
        experiment: the patient's.
        control: the saved model trained on.
    """
    experiment.tell("memorising a few rows")
    rows, heads = few(experiment.rows, experiment.seeds[0]), control.variant.heads
    try:
        variant = experiment.builder.variant(
            [fresh(experiment.spec, experiment.seeds[0], experiment.builder.code)], rows
        )
        cost = cost_of(variant.network, rows.count, rows.count, variant.trainee.way)
        experiment.meter.spend(cost.model)
        found = run(variant, experiment.seeds[:1], BY_HEART_UPDATES, rows.count, cost, experiment.meter)
    except (Unfit, TimeUp):
        return None
    everyone, alike = np.zeros(rows.count, dtype=np.intp), np.ones(rows.count)
    constant = heads.total(heads.best(everyone, rows.targets, alike)[0] / rows.count)
    perfect = heads.total(heads.perfect(rows.targets).mean(axis=0))
    reached = found.losses[0]
    return Memory(rows.count, constant, reached, reached - perfect <= BY_HEART * (constant - perfect))


def fresh(spec: ModelSpec, seed: int, code: Code = NO_CODE) -> ModelSpec:
    """The model with new weights from its own initializers, compiled with Adam; its loss and its layers stay."""
    keras().utils.set_random_seed(seed)
    bare = ModelSpec(spec.kind, spec.config, {}, spec.compiled)
    model = build(bare, code)
    keep = {path: spec.weights[path] for path, layer in layers(model) if _given(layer) and path in spec.weights}
    compiled = {**spec.compiled, "optimizer": dict(ADAM)}
    return ModelSpec(spec.kind, spec.config, {**weights_of(model), **keep}, compiled)


def _given(layer: Any) -> bool:  # noqa: ANN401  a Keras layer
    """Whether a layer's weights were not learned but set, as those of Normalization, or frozen."""
    return type(layer).__name__ == "Normalization" or not layer.trainable


def few(rows: Rows, seed: int) -> Rows:
    """Some rows, no two with the same features."""
    _, first = np.unique(rows.features, axis=0, return_index=True)
    chosen = np.random.default_rng([0xF3, seed]).permutation(first)[:FEW]
    return rows.some(np.sort(chosen))
