"""The diff is code: each line makes the very layer, and only what changes is in it."""

import json
from typing import Any

import keras
import numpy as np
import pytest
from effort import examples
from hypothesis import given, settings
from model_cases import L, Model, stack
from model_specs import Plan, made, plans, spec_of

from mlpdoctor.treat.editing.apply import edited
from mlpdoctor.treat.editing.diff import as_json, diff
from mlpdoctor.treat.editing.editable_spec import EditableSpec, Place
from mlpdoctor.treat.editing.edits import (
    Compile,
    Edit,
    EditError,
    InsertAfter,
    InsertBefore,
    ModelSpec,
    NewLayer,
    Recode,
    Redraw,
    Remove,
    Resize,
    SetOption,
    SetWeights,
    Widen,
)
from mlpdoctor.treat.editing.keras_lines import layer_line

NAMES: dict[str, Any] = {
    **vars(keras.initializers), **vars(keras.regularizers), **vars(keras.constraints), **vars(keras.layers),
}  # fmt: skip
NOT_CODE = {"name", "dtype", "batch_input_shape", "build_config", "seed"}


def run(line: str) -> Model:
    return eval(line, {"__builtins__": {}}, NAMES)  # noqa: S307  our own line


def plain(value: Any) -> Any:  # noqa: ANN401  JSON
    """A configuration without what code does not say, initializers by class."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items() if key not in NOT_CODE | {"module", "registered_name"}}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return round(value, 5) if isinstance(value, float) else value


def makes_it(line: str, place: Place) -> bool:
    layer = run(line)
    assert layer.name == place.name
    return bool(plain(layer.get_config()) == plain(place.config))


RICH = [
    L.Dense(3, "relu", kernel_regularizer="l2", bias_initializer="random_normal", use_bias=True, name="a"),
    L.Dense(3, use_bias=False, kernel_initializer=keras.initializers.RandomNormal(stddev=0.3), name="b"),
    L.Dense(2, kernel_constraint=keras.constraints.MaxNorm(3.0), kernel_initializer="he_normal", name="c"),
    L.BatchNormalization(momentum=0.9, scale=False, name="d"),
    L.LayerNormalization(epsilon=1e-6, name="e"),
    L.Dropout(0.25, name="f"),
    L.LeakyReLU(negative_slope=0.1, name="g"),
    L.PReLU(name="h"),
    L.Rescaling(0.5, offset=-1.0, name="i"),
    L.Normalization(mean=[1.0, 2.0], variance=[1.0, 4.0], name="j"),
    L.GaussianNoise(0.2, name="k"),
    L.Activation("tanh", name="l"),
    L.Flatten(name="m"),
    L.Dense(1, trainable=False, name="n"),
]


AGAIN = "# weights re-initialised"


@pytest.mark.parametrize("layer", RICH, ids=lambda layer: layer.name)
def test_a_line_makes_the_layer(layer: Model) -> None:
    item = keras.layers.serialize(layer)
    line = layer_line(item, named=True)
    assert makes_it(line, Place({}, item, "")), line


@settings(max_examples=examples(10), deadline=None)
@given(plans)
def test_lines_of_whole_models_make_their_layers(plan: Plan) -> None:
    for place in EditableSpec.of(spec_of(made(plan))).places():
        if place.kind != "InputLayer" and not place.nested:
            line = layer_line(place.item, named=True)
            assert makes_it(line, place), line


def model() -> Model:
    built = stack(
        1, L.Dense(10, name="dense"), L.Dropout(0.5, name="drop"), L.Dense(1, activation="sigmoid", name="out")
    )
    built.compile(keras.optimizers.Adam(1e-5), "mse")
    return built


SPEC = spec_of(model())
CASES: list[tuple[str, list[Edit], list[str]]] = [
    ("nothing", [], []),
    (
        "activation and rate",
        [SetOption("dense", "activation", "tanh"), Compile("learning_rate", 1e-3)],
        [
            '- Dense(10, name="dense")',
            '+ Dense(10, activation="tanh", name="dense")',
            "- optimizer=Adam(1e-05)",
            "+ optimizer=Adam(0.001)",
        ],
    ),
    (
        "layers in and out",
        [
            InsertBefore("dense", NewLayer("Normalization", {"axis": -1, "mean": [2.0], "variance": [9.0]})),
            Remove("drop"),
            InsertAfter("out", NewLayer("Rescaling", {"scale": 2.5, "offset": 1.0})),
        ],
        [
            '+ Normalization(mean=[2], variance=[9], name="normalization")  # or adapt it to the training inputs',
            '- Dropout(0.5, name="drop")',
            '+ Rescaling(2.5, offset=1, name="rescaling")',
        ],
    ),
    (
        "weights",
        [
            Redraw("dense", initializer="he_uniform"),
            SetWeights("out", "bias", np.array([0.25])),
            Redraw("dense", (1, 2)),
        ],
        [
            '- Dense(10, name="dense")',
            f'+ Dense(10, kernel_initializer="he_uniform", name="dense")  {AGAIN}; 2 units re-initialised',
            '  Dense(1, activation="sigmoid", name="out")  # bias set to [0.25]',
        ],
    ),
    (
        "units, loss and labels",
        [Widen("dense", 16), Resize("out", 3), Compile("loss", "mae"), Recode((0, 1), "minus", 1)],
        [
            '- Dense(10, name="dense")',
            '+ Dense(16, name="dense")  # old units keep their weights',
            '- Dense(1, activation="sigmoid", name="out")',
            '+ Dense(3, activation="sigmoid", name="out")  # weights re-initialised',
            '- loss="mse"',
            '+ loss="mae"',
            "+ y = y - 1",
        ],
    ),
    (
        "another optimizer and a loss with options",
        [
            Compile("optimizer", {"class_name": "SGD", "config": {"learning_rate": 0.01, "momentum": 0.9}}),
            Compile("loss", {"class_name": "Huber", "config": {"delta": 2.0, "name": "huber"}}),
        ],
        ["- optimizer=Adam(1e-05)", "+ optimizer=SGD(0.01, momentum=0.9)", '- loss="mse"', "+ loss=Huber(delta=2)"],
    ),
]


@pytest.mark.parametrize(("edits", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_lines_that_change(edits: list[Edit], expected: list[str]) -> None:
    assert [str(line) for line in diff(SPEC, edits)] == expected


@pytest.mark.parametrize("edits", [case[1] for case in CASES], ids=[case[0] for case in CASES])
def test_added_lines_make_the_layers_of_the_edited_model(edits: list[Edit]) -> None:
    after = {place.name: place for place in EditableSpec.of(edited(SPEC, edits)).places()}
    for line in diff(SPEC, edits):
        if line.sign == "+" and "name=" in line.text:
            text = line.text.partition("  #")[0]
            name = text.rpartition('name="')[2].rstrip('")')
            assert makes_it(text, _filled(after[name])), text


def _filled(place: Place) -> Place:
    """The place with the options that Keras adds by default."""
    layer: Any = keras.layers.deserialize({**place.item, "inbound_nodes": None})
    return Place({}, {"config": layer.get_config(), "class_name": place.kind}, "")


@pytest.mark.parametrize("edits", [case[1] for case in CASES], ids=[case[0] for case in CASES])
def test_edits_as_json(edits: list[Edit]) -> None:
    told = as_json(SPEC, edits)
    assert len(told) == len(edits)
    assert json.loads(json.dumps(told, allow_nan=False)) == told


def test_json_tells_from_what_to_what() -> None:
    told = as_json(SPEC, [SetOption("dense", "activation", "tanh"), Compile("learning_rate", 0.5), Widen("dense", 12)])
    assert told[0] == {"edit": "set-option", "layer": "dense", "option": "activation", "from": "linear", "to": "tanh"}
    assert (told[1]["from"], told[1]["to"]) == (pytest.approx(1e-5), 0.5)
    assert (told[2]["from"], told[2]["to"]) == (10, 12)


def test_large_weights_are_told_by_their_shape() -> None:
    spec = spec_of(stack(40, L.Dense(40, name="a"), L.Dense(1)))
    (told,) = as_json(spec, [SetWeights("a", "kernel", np.zeros((40, 40)))])
    assert (told["shape"], told["values"]) == ([40, 40], None)


def test_layers_of_inner_models_are_shown_by_their_lines() -> None:
    body = keras.Sequential([keras.Input((2,)), L.Dense(3, name="deep")], name="body")
    entry = keras.Input((2,))
    spec = spec_of(keras.Model(entry, L.Dense(1, name="out")(body(entry))))
    lines = diff(spec, [SetOption("body/deep", "activation", "relu")])
    assert [str(line) for line in lines] == [
        '- Dense(3, name="deep")',
        '+ Dense(3, activation="relu", name="deep")',
    ]


def test_an_edit_that_does_not_fit_is_refused_here_too() -> None:
    empty = ModelSpec(SPEC.kind, SPEC.config, SPEC.weights)
    with pytest.raises(EditError):
        diff(empty, [Remove("nobody")])
    assert [str(line) for line in diff(empty, [Compile("learning_rate", 0.1)])] == ["+ optimizer=Adam(0.1)"]
