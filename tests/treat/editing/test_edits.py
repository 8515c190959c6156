"""Edits change what they name and nothing else: tried on real Keras models of many shapes."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from model_cases import L, Model, Table, put, stack
from model_specs import Plan, answers, jumbled, made, owners, plans, rebuilt, spec_of

from mlpdoctor.treat.editing.apply import edited
from mlpdoctor.treat.editing.editable_spec import EditableSpec
from mlpdoctor.treat.editing.edits import (
    Compile,
    Decay,
    Edit,
    EditError,
    InsertAfter,
    InsertBefore,
    ModelSpec,
    NewLayer,
    Redraw,
    Remove,
    Resize,
    SetOption,
    SetWeights,
    Widen,
)
from mlpdoctor.treat.trials.model import weights_of

FEW = settings(max_examples=examples(15), deadline=None)
LINEAR = NewLayer("Activation", {"activation": "linear"})


def rows(model: Model, count: int = 7) -> Table:
    width = sum(one.shape[-1] for one in model.inputs)
    return np.random.default_rng(count).normal(size=(count, width))


def same(first: list[Table], second: list[Table], within: float = 0.0) -> bool:
    return all(np.allclose(a, b, rtol=within, atol=within) for a, b in zip(first, second, strict=True))


def untouched(before: ModelSpec, after: ModelSpec, *touched: str) -> bool:
    """Whether all weights but those of some layers are bit for bit what they were."""
    assert {path for path in before.weights if path not in touched} == {
        path for path in after.weights if path not in touched and path in before.weights
    }
    return all(
        values.dtype == after.weights[path][name].dtype and np.array_equal(values, after.weights[path][name])
        for path, arrays in before.weights.items()
        if path not in touched and path in after.weights
        for name, values in arrays.items()
    )


@FEW
@given(plans)
def test_no_edit_is_the_same_model(plan: Plan) -> None:
    model = made(plan)
    spec = spec_of(model)
    after = edited(spec, ())
    assert untouched(spec, after)
    assert rebuilt(after).get_config() == model.get_config()
    assert same(answers(rebuilt(after), rows(model)), answers(model, rows(model)))


@FEW
@given(plans, st.data())
def test_a_layer_that_does_nothing_may_be_put_anywhere(plan: Plan, data: st.DataObject) -> None:
    model = made(plan)
    spec = spec_of(model)
    places = [place for place in EditableSpec.of(spec).places() if "functional" not in place.path]
    place = data.draw(st.sampled_from(places))
    several = place.kind in {"Concatenate", "Add"}
    behind = place.kind == "InputLayer" or several or data.draw(st.booleans())
    edit: Edit = InsertAfter(place.path, LINEAR) if behind else InsertBefore(place.path, LINEAR)
    after = edited(spec, [edit])
    assert untouched(spec, after)
    new = rebuilt(after)
    assert len(owners(new)) == len(owners(model)) + 1
    assert same(answers(new, rows(model)), answers(model, rows(model)))


@FEW
@given(plans, st.data())
def test_what_was_put_in_may_be_taken_out(plan: Plan, data: st.DataObject) -> None:
    model = made(plan)
    spec = spec_of(model)
    place = data.draw(st.sampled_from(list(EditableSpec.of(spec).places())))
    new = NewLayer("Activation", {"activation": "tanh"}, name="extra")
    after = edited(spec, [InsertAfter(place.path, new), Remove(f"{place.prefix}extra")])
    assert rebuilt(after).get_config() == model.get_config()


def widened(spec: ModelSpec, edit: Widen, seed: int) -> ModelSpec | None:
    """The wider model; None where it is refused for a reason that there is."""
    try:
        return edited(spec, [edit], seed)
    except EditError as refused:
        complaint = str(refused)
    assert any(word in complaint for word in ("output", "joins", "looks at", "also called")), complaint
    return None


@FEW
@given(plans, st.integers(1, 5), st.integers(0, 9))
def test_wider_layers_answer_as_before(plan: Plan, more: int, seed: int) -> None:
    model = made(plan)
    spec = spec_of(model)
    tried = 0
    for place in list(EditableSpec.of(spec).places()):
        if place.kind != "Dense":
            continue
        units = place.config["units"] + more
        after = widened(spec, Widen(place.path, units), seed)
        if after is None:
            continue
        tried += 1
        old, kernel = spec.weights[place.path]["kernel"], after.weights[place.path]["kernel"]
        assert kernel.shape == (old.shape[0], units)
        assert np.array_equal(kernel[:, : old.shape[1]], old)
        assert same(answers(rebuilt(after), rows(model)), answers(model, rows(model)), 1e-5)
    assert tried or spec.kind == "Functional"


def test_what_takes_new_units_gives_them_no_weight_at_first_and_learns_them() -> None:
    model = jumbled(stack(2, L.Dense(3, "relu", name="a"), L.BatchNormalization(name="n"), L.Dense(1, name="b")), 0)
    model.compile("sgd", "mse")
    after = edited(spec_of(model), [Widen("a", 5)])
    assert not after.weights["b"]["kernel"][3:].any()
    new = rebuilt(after)
    new.run_eagerly = True
    new.fit(rows(model, 32), np.ones((32, 1)), epochs=2, verbose=0)
    assert np.asarray(new.get_layer("b").kernel)[3:].all()


def test_units_grow_at_both_places_of_a_concatenation() -> None:
    entry = keras.Input((2,))
    first = L.Dense(2, "relu", name="first")(entry)
    joined = L.Concatenate(name="join")([first, entry, L.Activation("tanh", name="bent")(first)])
    model = jumbled(keras.Model(entry, L.Dense(1, name="out")(joined)), 1)
    after = edited(spec_of(model), [Widen("first", 4), Widen("first", 5)])
    kernel = after.weights["out"]["kernel"][:, 0]
    assert np.flatnonzero(kernel == 0).tolist() == [2, 3, 4, 9, 10, 11]
    assert same(answers(rebuilt(after), rows(model)), answers(model, rows(model)), 1e-5)


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (lambda: L.LayerNormalization(name="norm"), "looks at all units"),
        (lambda: L.Softmax(name="norm"), "looks at all units"),
        (lambda: L.Activation("softmax", name="norm"), "looks at all units"),
    ],
)
def test_a_layer_is_not_widened_before_what_looks_at_all_units(after: Callable[[], Model], words: str) -> None:
    model = stack(2, L.Dense(3, name="a"), after(), L.Dense(1))
    with pytest.raises(EditError, match=words):
        edited(spec_of(model), [Widen("a", 5)])


def test_a_layer_behind_the_output_turns_its_answers() -> None:
    model = jumbled(stack(2, L.Dense(3, "tanh"), L.Dense(1, name="out")), 2)
    model.compile("adam", "mse")
    new = rebuilt(edited(spec_of(model), [InsertAfter("out", NewLayer("Rescaling", {"scale": 3.0, "offset": -2.0}))]))
    (before,), (after,) = answers(model, rows(model)), answers(new, rows(model))
    np.testing.assert_allclose(after, 3 * before - 2, rtol=1e-6)


def test_a_normalization_before_the_first_layer_standardises() -> None:
    model = jumbled(stack(2, L.Dense(3, "tanh", name="a"), L.Dense(1)), 3)
    options = {"axis": -1, "mean": [1.0, -2.0], "variance": [4.0, 0.25], "invert": False}
    new = rebuilt(edited(spec_of(model), [InsertBefore("a", NewLayer("Normalization", options))]))
    x = rows(model)
    assert same(answers(new, x), answers(model, (x - [1, -2]) / [2, 0.5]), 1e-5)


def test_others_that_take_the_same_values_get_them_as_they_were() -> None:
    entry = keras.Input((1,), name="entry")
    ways = [L.Dense(1, use_bias=False, name=name)(entry) for name in ("one", "other")]
    model = jumbled(keras.Model(entry, L.Concatenate()(ways)), 4)
    double = NewLayer("Rescaling", {"scale": 2.0, "offset": 0.0})
    x = rows(model)
    (plain,) = answers(model, x)
    before = rebuilt(edited(spec_of(model), [InsertBefore("other", double)]))
    behind = rebuilt(edited(spec_of(model), [InsertAfter("entry", double)]))
    np.testing.assert_allclose(answers(before, x)[0], plain * [1, 2], rtol=1e-6)
    np.testing.assert_allclose(answers(behind, x)[0], plain * 2, rtol=1e-6)


def test_an_output_keeps_its_loss_when_a_layer_is_put_behind_it() -> None:
    entry = keras.Input((2,))
    model = keras.Model(entry, [L.Dense(1, name="left")(entry), L.Dense(1, name="right")(entry)])
    model.compile("adam", loss={"left": "mse", "right": "mae"}, loss_weights={"left": 1.0, "right": 2.0})
    spec = spec_of(model)
    after = edited(spec, [InsertAfter("left", NewLayer("Rescaling", {"scale": 2.0, "offset": 0.0}, name="scaled"))])
    assert after.compiled["loss"] == {"scaled": "mse", "right": "mae"}
    assert after.compiled["loss_weights"] == {"scaled": 1.0, "right": 2.0}
    assert spec.compiled["loss"] == {"left": "mse", "right": "mae"}
    new = rebuilt(after)
    new.run_eagerly = True
    new.fit(rows(model), [np.ones((7, 1)), np.ones((7, 1))], verbose=0)


@pytest.mark.parametrize(
    ("name", "initializer"), [("he_uniform", "he_uniform"), ("glorot_normal", "glorot_normal"), (None, "lecun_normal")]
)
def test_fresh_weights_have_the_spread_that_keras_gives_them(name: str | None, initializer: str) -> None:
    model = jumbled(stack(40, L.Dense(200, name="a", kernel_initializer="lecun_normal"), L.Dense(1, name="b")), 5)
    spec = spec_of(model)
    after = edited(spec, [Redraw("a", initializer=name)], seed=3)
    fresh = np.asarray(keras.initializers.get(initializer)((40, 200)))
    assert after.weights["a"]["kernel"].std() == pytest.approx(fresh.std(), rel=0.05)
    assert not after.weights["a"]["bias"].any()
    assert after.weights["a"]["kernel"].dtype == np.float32
    assert untouched(spec, after, "a")
    kept = rebuilt(after).get_layer("a").kernel_initializer
    assert type(kept) is type(keras.initializers.get(initializer))


def test_layers_around_layers_are_drawn_too() -> None:
    entry = keras.Input((5, 3))
    inner = L.Bidirectional(L.LSTM(4, name="cell"), name="both")(entry)
    model = keras.Model(entry, L.Dense(1, name="out")(L.GRU(2, name="gru")(L.RepeatVector(2)(inner))))
    spec = ModelSpec("Functional", model.get_config(), weights_of(model))
    after = edited(spec, [Redraw(path) for path in spec.weights])
    for path, arrays in spec.weights.items():
        assert all(after.weights[path][name].shape == values.shape for name, values in arrays.items())
    again = after.weights["gru"]["recurrent_kernel"]
    np.testing.assert_allclose(again @ again.T, np.eye(2), atol=1e-5)


def test_draws_hang_on_the_seed_and_on_nothing_else() -> None:
    spec = spec_of(jumbled(stack(3, L.Dense(4, name="a"), L.Dense(4, name="b"), L.Dense(1)), 6))
    alone = edited(spec, [Redraw("b")], seed=1).weights["b"]["kernel"]
    both = edited(spec, [Redraw("a"), Redraw("b")], seed=1).weights["b"]["kernel"]
    assert np.array_equal(alone, both)
    for other in (edited(spec, [Redraw("b")], seed=2), edited(spec, [Redraw("b", seed=1)], seed=1)):
        assert not np.isclose(alone, other.weights["b"]["kernel"]).any()


def test_some_units_are_drawn_and_the_others_kept() -> None:
    model = jumbled(stack(3, L.Dense(4, name="a"), L.Dense(1)), 7)
    spec = spec_of(model)
    after = edited(spec, [Redraw("a", (1, 3), "he_uniform", "random_normal")])
    for name in ("kernel", "bias"):
        old, new = spec.weights["a"][name], after.weights["a"][name]
        assert np.array_equal(old[..., [0, 2]], new[..., [0, 2]])
        assert (old[..., [1, 3]] != new[..., [1, 3]]).all()
    assert rebuilt(after).get_config() == model.get_config()


def test_all_layers_of_an_inner_model_are_drawn() -> None:
    body = keras.Sequential([keras.Input((2,)), L.Dense(3, name="deep"), L.BatchNormalization(name="n")], name="body")
    entry = keras.Input((2,))
    spec = spec_of(jumbled(keras.Model(entry, L.Dense(1, name="out")(body(entry))), 8))
    after = edited(spec, [Redraw("body")])
    assert untouched(spec, after, "body/deep", "body/n")
    assert (after.weights["body/n"]["moving_variance"] == 1).all()
    assert (after.weights["body/deep"]["kernel"] != spec.weights["body/deep"]["kernel"]).all()
    assert answers(rebuilt(after), rows(rebuilt(spec)))


@pytest.mark.parametrize("inside", [True, False])
def test_a_thawed_layer_trains(inside: bool) -> None:  # noqa: FBT001
    body = keras.Sequential([keras.Input((2,)), L.Dense(3, name="deep"), L.Dense(2, name="more")], name="body")
    entry = keras.Input((2,))
    model = keras.Model(entry, L.Dense(1, name="out")(body(entry)))
    body.trainable = False
    model.compile("sgd", "mse")
    spec = spec_of(model)
    new = rebuilt(edited(spec, [SetOption("body/deep" if inside else "body", "trainable", True)]))
    moved = {path: before for path, before in spec.weights.items() if path.startswith("body")}
    new.run_eagerly = True
    new.fit(np.ones((8, 2)), np.full((8, 1), 5.0), verbose=0)
    after = spec_of(new).weights
    changed = {path for path, arrays in moved.items() if not np.array_equal(arrays["bias"], after[path]["bias"])}
    assert changed == ({"body/deep"} if inside else {"body/deep", "body/more"})


def test_an_output_of_another_size_is_drawn_anew() -> None:
    spec = spec_of(jumbled(stack(3, L.Dense(4, name="a"), L.Dense(1, name="out")), 9))
    after = edited(spec, [Resize("out", 5), SetOption("out", "activation", "softmax")])
    assert untouched(spec, after, "out")
    (found,) = answers(rebuilt(after), np.zeros((2, 3)))
    assert found.shape == (2, 5)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)


def test_a_weight_is_set_in_its_own_number_type() -> None:
    model = stack(2, L.Normalization(name="norm"), L.Dense(1))
    after = edited(spec_of(model), [SetWeights("norm", "mean", np.array([[1.0, 2.0]]).reshape(2))])
    assert after.weights["norm"]["mean"].dtype == np.float32
    assert np.asarray(rebuilt(after).get_layer("norm").adapt_mean).tolist() == [1.0, 2.0]


def compiled_spec(**options: Any) -> ModelSpec:  # noqa: ANN401
    model = stack(2, L.Dense(1, name="out"))
    model.compile(**options)
    return spec_of(model)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "RMSprop"])
def test_a_rate_is_set_whatever_the_spelling(optimizer: str) -> None:
    found = compiled_spec(optimizer=optimizer, loss="mse")
    short = ModelSpec(found.kind, found.config, found.weights, {"optimizer": optimizer, "loss": "mse"})
    for spec in (found, short):
        new = rebuilt(edited(spec, [Compile("learning_rate", 0.25), Compile("clipnorm", 2.0)]))
        assert type(new.optimizer).__name__.lower() == optimizer.lower()
        assert float(new.optimizer.learning_rate) == 0.25
        assert new.optimizer.clipnorm == 2.0


def test_a_rate_takes_the_place_of_a_schedule() -> None:
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
    new = rebuilt(edited(compiled_spec(optimizer=keras.optimizers.SGD(schedule, momentum=0.5), loss="mse"),
                         [Compile("learning_rate", 0.01)]))  # fmt: skip
    assert float(new.optimizer.learning_rate) == pytest.approx(0.01)
    assert new.optimizer.momentum == 0.5


@pytest.mark.parametrize(
    "optimizer",
    [
        keras.optimizers.SGD(0.2, momentum=0.5),
        keras.optimizers.Adam(0.2),
        keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.2)),
    ],
    ids=lambda one: type(one).__name__,
)
def test_a_rate_falls_to_nothing_within_so_many_updates(optimizer: Any) -> None:  # noqa: ANN401
    new = rebuilt(edited(compiled_spec(optimizer=optimizer, loss="mse"), [Decay(10)])).optimizer
    assert type(new) is type(optimizer)
    own = getattr(new, "inner_optimizer", new)
    assert getattr(own, "momentum", 0.5) == 0.5
    rates = []
    for update in (0, 5, 10, 99):
        own.iterations.assign(update)
        rates.append(float(own.learning_rate))
    assert rates == pytest.approx([0.2, 0.1, 0.0, 0.0], abs=1e-7)


def test_what_sets_the_rate_goes_before_what_lets_it_fall() -> None:
    spec = compiled_spec(optimizer="sgd", loss="mse")
    new = rebuilt(edited(spec, [Compile("learning_rate", 0.5), Decay(10)]))
    assert float(new.optimizer.learning_rate) == pytest.approx(0.5)
    new.optimizer.iterations.assign(5)
    assert float(new.optimizer.learning_rate) == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("optimizer", "words"),
    [
        (keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.1, 10)), "follows a schedule already"),
        ("sgd", "tells no learning rate"),
    ],
)
def test_a_rate_that_is_not_a_number_is_not_let_fall(optimizer: Any, words: str) -> None:  # noqa: ANN401
    spec = compiled_spec(optimizer=optimizer, loss="mse")
    if optimizer == "sgd":
        spec = ModelSpec(spec.kind, spec.config, spec.weights, {"optimizer": "sgd", "loss": "mse"})
    with pytest.raises(EditError, match=words):
        edited(spec, [Decay(10)])


def test_another_optimizer() -> None:
    value = {"module": "keras.optimizers", "class_name": "Adam", "config": {"learning_rate": 0.02}}
    new = rebuilt(edited(compiled_spec(optimizer="sgd", loss="mse"), [Compile("optimizer", value)]))
    assert isinstance(new.optimizer, keras.optimizers.Adam)
    assert float(new.optimizer.learning_rate) == pytest.approx(0.02)


@pytest.mark.parametrize("given", ["mse", ["mse", "mae"], {"left": "mse", "right": "mae"}])
def test_the_loss_of_one_output_of_two(given: Any) -> None:  # noqa: ANN401
    entry = keras.Input((2,))
    model = keras.Model(entry, [L.Dense(1, name="left")(entry), L.Dense(1, name="right")(entry)])
    model.compile("adam", loss=given)
    logits = {"module": "keras.losses", "class_name": "BinaryCrossentropy", "config": {"from_logits": True}}
    after = edited(spec_of(model), [Compile("loss", logits, output=1)])
    losses = after.compiled["loss"]
    listed = list(losses.values()) if isinstance(losses, dict) else losses
    assert listed == ["mse", logits]
    new = rebuilt(after)
    new.run_eagerly = True
    new.fit(rows(model), [np.ones((7, 1)), np.ones((7, 1))], verbose=0)


CHAIN = stack(2, L.Dense(3, "relu", name="a"), L.Dropout(0.5, name="d"), L.Dense(1, name="out"))
REFUSED: list[tuple[Edit, str]] = [
    (SetOption("nobody", "rate", 0), "there is no layer 'nobody'"),
    (SetOption("a", "rate", 0), "has no option 'rate'"),
    (SetOption("a", "units", 9), "not an option"),
    (Remove("nobody"), "no layer"),
    (Redraw("d"), "no weights to draw"),
    (Redraw("a", (3,)), "no unit 3"),
    (SetWeights("a", "gamma", np.ones(3)), "no weight 'gamma'; it has: kernel, bias"),
    (SetWeights("a", "bias", np.ones(4)), "has the shape"),
    (Widen("a", 3), "has 3 units already"),
    (Widen("out", 9), "reaches the output"),
    (Widen("d", 9), "only Dense"),
    (Resize("a", 9), "no Dense layer at an output"),
    (InsertAfter("a", NewLayer("Dropout", {"rate": 0.5}, name="d")), "there is a layer 'd' already"),
    (Compile("epochs", 3), "no argument 'epochs'"),
]


@pytest.mark.parametrize(("edit", "words"), REFUSED, ids=[f"{type(e).__name__}-{w}" for e, w in REFUSED])
def test_what_does_not_fit_is_refused_in_a_sentence(edit: Edit, words: str) -> None:
    with pytest.raises(EditError, match=words):
        edited(spec_of(CHAIN), [edit])


def test_a_misspelt_layer_is_guessed() -> None:
    model = stack(2, L.Dense(3, name="hidden"), L.Dense(1))
    with pytest.raises(EditError, match="did you mean hidden"):
        edited(spec_of(model), [Remove("hiden")])


def test_layers_of_several_inputs_are_not_taken_out_or_stood_before() -> None:
    entry = keras.Input((2,))
    both = L.Add(name="sum")([L.Dense(2, name="a")(entry), L.Dense(2, name="b")(entry)])
    spec = spec_of(keras.Model(entry, L.Dense(1)(both)))
    for edit in (Remove("sum"), InsertBefore("sum", LINEAR)):
        with pytest.raises(EditError, match="takes 2 tensors"):
            edited(spec, [edit])
    with pytest.raises(EditError, match="joins several tensors"):
        edited(spec, [Widen("a", 4)])


def test_dropout_is_taken_out_of_the_chain() -> None:
    model = jumbled(stack(2, L.Dense(3, "relu", name="a"), L.Dropout(0.5, name="d"), L.Dense(1, name="out")), 1)
    after = edited(spec_of(model), [Remove("d")])
    assert [layer.name for layer in rebuilt(after).layers] == ["a", "out"]
    assert same(answers(rebuilt(after), rows(model)), answers(model, rows(model)))


def test_a_spec_is_never_written_to() -> None:
    model = stack(2, L.Dense(3, name="a"), L.Dense(1, name="out"))
    put(model.get_layer("a"), np.ones((2, 3)), np.zeros(3))
    model.compile("sgd", "mse")
    spec, again = spec_of(model), spec_of(model)
    edited(spec, [Widen("a", 5), Redraw("out"), SetOption("a", "activation", "relu"), Compile("learning_rate", 1.0)])
    assert spec.config == again.config
    assert spec.compiled == again.compiled
    assert untouched(spec, again)
