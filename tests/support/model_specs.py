"""Keras models as specs and back, by the shortest way; and models of many shapes for tests of edits."""

import copy
import warnings
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from hypothesis import strategies as st
from model_cases import L, Model, Table

from mlpdoctor.treat.editing.edits import ModelSpec


def spec_of(model: Model) -> ModelSpec:
    """A live model as data."""
    weights = {path: {v.name: np.asarray(v) for v in layer.weights} for path, layer in owners(model) if layer.weights}
    compiled = model.get_compile_config() if model.compiled else {}
    return ModelSpec(type(model).__name__, model.get_config(), weights, compiled)


def rebuilt(spec: ModelSpec) -> Model:
    """The model that a spec describes, with its weights; every weight of it must be told."""
    kind = keras.Sequential if spec.kind == "Sequential" else keras.Model
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = kind.from_config(copy.deepcopy(dict(spec.config)))  # Keras takes it apart
    there = {path: layer for path, layer in owners(model) if layer.weights}
    assert set(spec.weights) == set(there)
    for path, layer in there.items():
        assert {v.name for v in layer.weights} == set(spec.weights[path])
        for variable in layer.weights:
            variable.assign(spec.weights[path][variable.name])
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()
    if spec.compiled:
        model.compile_from_config(dict(spec.compiled))
    return model


def owners(model: Model, above: str = "") -> list[tuple[str, Any]]:
    """Layers by path, those of inner models too."""
    found: list[tuple[str, Any]] = []
    for layer in model.layers:
        path = above + layer.name
        found += owners(layer, f"{path}/") if isinstance(layer, keras.Model) else [(path, layer)]
    return found


def answers(model: Model, x: Table) -> list[Table]:
    """What a model answers, one array an output."""
    features = split(model, x)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*softmax over axis -1")
        found = model(features, training=False)
    return [np.asarray(one) for one in (found if isinstance(found, list | tuple) else [found])]


def split(model: Model, x: Table) -> Any:  # noqa: ANN401  one tensor, or a list of them
    """The columns as the inputs take them."""
    widths = [one.shape[-1] for one in model.inputs]
    parts = [part.astype(np.float32) for part in np.split(x, np.cumsum(widths)[:-1], axis=1)]
    return parts if len(parts) > 1 else parts[0]


def jumbled(model: Model, seed: int) -> Model:
    """The model with weights of no special kind; variances positive."""
    rng = np.random.default_rng(seed)
    for _, layer in owners(model):
        for variable in layer.weights:
            values = rng.normal(size=variable.shape, scale=0.5)
            variable.assign(np.exp(values) if "variance" in variable.name else values)
    return model


FUNCTIONS = ("linear", "relu", "tanh", "sigmoid")


FORMS = ("sequential", "chain", "branches", "shared", "nested", "outputs")


@dataclass(frozen=True)
class Plan:
    """A small model in the making; Keras takes part in chance, which Hypothesis does not like."""

    form: str
    features: int
    units: int
    function: str
    layers: tuple[str, ...]
    seed: int


plans = st.builds(
    Plan,
    form=st.sampled_from(FORMS),
    features=st.integers(1, 3),
    units=st.integers(1, 4),
    function=st.sampled_from(FUNCTIONS),
    layers=st.lists(st.sampled_from(["dense", "norm", "dropout", "prelu"]), max_size=4).map(tuple),
    seed=st.integers(0, 99),
)
"""Sequential and functional models, at times with models inside, a layer called twice, or two outputs."""


def made(plan: Plan) -> Model:
    """The model of a plan."""
    form, features, seed = plan.form, plan.features, plan.seed
    if form == "sequential":
        body = map(_layer, ["dense", *plan.layers])
        return jumbled(keras.Sequential([keras.Input((features,)), *body, L.Dense(2)]), seed)
    entry = keras.Input((features,), name="entry")
    first = L.Dense(plan.units, plan.function, name="first")(entry)
    if form == "chain":
        outputs = L.Dense(1, name="out")(L.BatchNormalization(name="norm")(L.Dropout(0.3, name="drop")(first)))
    elif form == "branches":
        side = L.Activation("relu", name="gate")(first)
        outputs = L.Dense(1, name="out")(L.Concatenate(name="join")([entry, side, first]))
    elif form == "shared":
        twice = L.Dense(3, "tanh", name="twice")
        widened = L.Dense(2, name="before")(entry)
        outputs = L.Add(name="sum")([twice(widened), twice(L.Dense(2, name="beside")(first))])
    elif form == "nested":
        width = int(first.shape[-1])
        inner = keras.Sequential([keras.Input((width,)), L.Dense(3, "relu", name="deep"), L.Dense(2, name="end")],
                                 name="body")  # fmt: skip
        graph = keras.Input((2,), name="way")
        outer = keras.Model(graph, L.Dense(2, name="last")(L.Dense(4, "tanh", name="mid")(graph)), name="graph")
        outputs = outer(inner(first))
    else:
        outputs = [L.Dense(1, name="left")(first), L.Dense(2, "sigmoid", name="right")(first)]
    return jumbled(keras.Model(entry, outputs), seed)


def _layer(kind: str) -> Model:
    made = {"dense": lambda: L.Dense(3, "tanh"), "norm": L.BatchNormalization, "dropout": lambda: L.Dropout(0.5)}
    return made.get(kind, L.PReLU)()
