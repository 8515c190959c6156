"""Where layers collapse into one affine map: on graphs drawn by hand, and as a theorem on random ones."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from effort import examples
from hand_built import Draft, drawn, sequential
from hypothesis import given, settings
from hypothesis import strategies as st

from mlpdoctor.analysis.floors import least_squares
from mlpdoctor.core.network import Array, Network
from mlpdoctor.engine.numpy_engine import NumpyEngine
from mlpdoctor.facts.network.collapse import Collapse
from mlpdoctor.facts.network.collapse import collapse as fact
from mlpdoctor.statistics.affine_factor import AffineFactor

ROUNDING = 1e-12


def collapse(network: Network) -> Collapse:
    found: Collapse = fact.function(network)
    return found


def chains(network: Network) -> list[list[str]]:
    return [[layer.name for layer in stretch.layers] for stretch in collapse(network).stretches]


def in_a_row(*between: tuple[str, dict[str, Any]], units: int = 3) -> Network:
    """Dense, these layers, Dense."""
    draft = Draft(2)
    here = draft.dense(0, units, name="first")
    for kind, config in between:
        here = draft.call(kind, here, **config)
    return draft.network(draft.dense(here, 1, name="last"))


def test_linear_layers_in_a_row_are_one() -> None:
    network = sequential(2, (4, None), (3, "linear"), (1, None))
    assert chains(network) == [["dense_1", "dense_2", "dense_3"]]
    assert collapse(network).whole
    assert collapse(network).intercept


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "softmax", "elu", "gelu", "hard_sigmoid"])
def test_an_activation_keeps_layers_apart(activation: str) -> None:
    assert chains(sequential(2, (3, activation), (1, None))) == []
    assert chains(in_a_row(("Activation", {"activation": activation}))) == []
    assert not collapse(sequential(2, (3, activation), (1, None))).whole


@pytest.mark.parametrize("kind", ["ReLU", "LeakyReLU", "ELU", "Softmax", "PReLU", "LayerNormalization"])
def test_a_nonlinear_layer_keeps_layers_apart(kind: str) -> None:
    assert chains(in_a_row((kind, {}))) == []
    assert not collapse(in_a_row((kind, {}))).whole


QUIET: list[tuple[str, dict[str, Any]]] = [
    ("Dropout", {"rate": 0.5}),
    ("BatchNormalization", {}),
    ("Rescaling", {"scale": 2.0, "offset": 1.0}),
    ("Activation", {"activation": "linear"}),
    ("GaussianNoise", {"stddev": 1.0}),
    ("Flatten", {}),
    ("ReLU", {"negative_slope": 1.0}),
]


@pytest.mark.parametrize("between", QUIET, ids=lambda between: between[0])
def test_a_layer_that_is_affine_at_inference_does_not(between: tuple[str, dict[str, Any]]) -> None:
    assert chains(in_a_row(between)) == [["first", "last"]]
    assert chains(in_a_row(between, between)) == [["first", "last"]]


def test_a_single_layer_is_no_stretch_yet_affine() -> None:
    found = collapse(sequential(2, (1, None)))
    assert found.stretches == ()
    assert found.whole


def test_the_last_layers_own_activation_does_not_matter_to_the_stretch() -> None:
    found = collapse(sequential(2, (3, None), (1, "sigmoid")))
    assert [layer.name for layer in found.stretches[0].layers] == ["dense_1", "dense_2"]
    assert (found.whole, found.linear_heads) == (False, True)


def test_linear_towers_side_by_side_are_one_map() -> None:
    draft = Draft(2, 3)
    towers = [draft.dense(0, 4, name="left"), draft.dense(1, 4, name="right")]
    network = draft.network(draft.dense(draft.call("Concatenate", *towers), 1, name="top"))
    assert [sorted(chain) for chain in chains(network)] == [["left", "right", "top"]]
    assert collapse(network).whole


@pytest.mark.parametrize(
    ("kind", "affine"), [("Add", True), ("Average", True), ("Subtract", True), ("Multiply", False)]
)
def test_sums_of_towers_are_affine_and_products_are_not(kind: str, affine: bool) -> None:  # noqa: FBT001
    draft = Draft(2)
    towers = [draft.dense(0, 3, name="left"), draft.dense(0, 3, name="right")]
    network = draft.network(draft.dense(draft.call(kind, *towers), 1, name="top"))
    assert collapse(network).whole == affine
    assert [sorted(chain) for chain in chains(network)] == ([["left", "right", "top"]] if affine else [])


def test_the_end_of_a_residual_block_is_linear_by_design() -> None:
    draft = Draft(4)
    stem = draft.dense(0, 4, "relu")
    inner = draft.dense(draft.dense(stem, 8, "relu"), 4, name="end")
    network = draft.network(draft.dense(draft.call("Add", stem, inner), 1, name="top"))
    assert chains(network) == []


def test_the_stem_of_a_skip_connection_is_linear_by_design() -> None:
    draft = Draft(4)
    stem = draft.dense(0, 4, name="stem")
    branch = draft.dense(draft.dense(stem, 8, "relu"), 4, "relu")
    network = draft.network(draft.dense(draft.call("Add", stem, branch), 1))
    assert chains(network) == []


def test_a_wide_and_deep_network_has_no_stretch() -> None:
    draft = Draft(4)
    deep = draft.dense(draft.dense(0, 8, "relu"), 8, "relu")
    assert chains(draft.network(draft.dense(draft.call("Concatenate", 0, deep), 1))) == []


def test_a_layer_used_twice_in_a_row_is_named_in_both_places() -> None:
    draft = Draft(3)
    first = draft.dense(0, 3, name="shared")
    network = draft.network(draft.again(first, first))
    assert chains(network) == [["shared", "shared"]]
    assert collapse(network).whole


def test_each_output_is_judged_by_itself() -> None:
    draft = Draft(2)
    straight = draft.dense(0, 1, name="straight")
    curved = draft.dense(draft.dense(0, 4, "tanh"), 1, name="curved")
    found = collapse(draft.network(straight, curved))
    assert found.affine_outputs == (True, False)
    assert not found.whole


def test_what_is_read_out_itself_is_no_idle_middle_layer() -> None:
    draft = Draft(2)
    code = draft.dense(0, 2, name="code")
    network = draft.network(code, draft.dense(code, 1, name="top"))
    assert chains(network) == []
    assert collapse(network).whole


def test_a_product_of_features_is_not_affine() -> None:
    draft = Draft(2)
    assert not collapse(draft.network(draft.call("Multiply", 0, 0))).whole


def test_an_unknown_layer_may_be_anything() -> None:
    draft = Draft(2)
    strange = draft.call("Lambda", draft.dense(0, 2, name="first"))
    draft.nodes[strange] = type(draft.nodes[strange])(draft.nodes[strange].layer, (strange - 1,), (2,))
    network = draft.network(draft.dense(strange, 1))
    assert not collapse(network).whole
    assert chains(network) == []


@pytest.mark.parametrize(("units", "bottleneck"), [((2, 5), True), ((5, 5), False), ((8, 5), False), ((2, 1), False)])
def test_a_bottleneck_is_narrower_than_both_ends(units: tuple[int, int], bottleneck: bool) -> None:  # noqa: FBT001
    (stretch,) = collapse(sequential(5, (units[0], None), (units[1], None))).stretches
    assert stretch.bottleneck == bottleneck


def test_without_any_bias_nothing_can_be_added() -> None:
    assert not collapse(sequential(2, (3, None), (1, None), bias=False)).intercept
    draft = Draft(2)
    assert collapse(draft.network(draft.dense(draft.dense(0, 3, bias=False), 1))).intercept
    for kind, config in QUIET[1:3]:
        draft = Draft(2)
        assert collapse(draft.network(draft.dense(draft.call(kind, 0, **config), 1, bias=False))).intercept


AFFINE: list[Callable[[Draft, int, int], int]] = [
    lambda draft, here, width: draft.dense(here, width),
    lambda draft, here, width: draft.dense(here, width, bias=False),
    lambda draft, here, width: draft.call("BatchNormalization", draft.dense(here, width)),
    lambda draft, here, width: draft.call("Rescaling", draft.dense(here, width), scale=0.5, offset=0.3),
    lambda draft, here, width: draft.call("Dropout", draft.dense(here, width), rate=0.5),
    lambda draft, here, width: draft.call("Concatenate", here, draft.dense(here, width)),
    lambda draft, here, width: draft.call("Add", draft.dense(here, width), draft.dense(here, width, bias=False)),
    lambda draft, here, width: draft.call("Average", draft.dense(here, width), draft.dense(here, width)),
    lambda draft, here, width: draft.call("Subtract", draft.dense(here, width), draft.dense(here, width)),
    lambda draft, here, width: draft.again(twice := draft.dense(draft.dense(here, width), width), twice),
    lambda draft, here, width: draft.call("Flatten", draft.call("RepeatVector", draft.dense(here, width), n=2)),
]
CURVED: list[Callable[[Draft, int, int], int]] = [
    lambda draft, here, width: draft.dense(here, width + 2, "relu"),
    lambda draft, here, width: draft.dense(here, width, "tanh"),
    lambda draft, here, width: draft.call("Multiply", draft.dense(here, width), draft.dense(here, width)),
    lambda draft, here, width: draft.call("LayerNormalization", draft.dense(here, width + 2)),
    lambda draft, here, width: draft.call("Activation", draft.dense(here, width), activation="sigmoid"),
]
WITHOUT_CONSTANTS = AFFINE[1:2] + AFFINE[5:6]


@st.composite
def networks(draw: st.DrawFn, curved: bool, steps: list[Callable[[Draft, int, int], int]] = AFFINE) -> Network:  # noqa: FBT001
    """Any chain of affine steps; with ``curved`` one step somewhere is not affine."""
    draft = Draft(draw(st.integers(1, 4)))
    chain = draw(st.lists(st.sampled_from(steps), min_size=1, max_size=4))
    if curved:
        chain.insert(draw(st.integers(0, len(chain))), draw(st.sampled_from(CURVED)))
    here = 0
    for step in chain:
        here = step(draft, here, draw(st.integers(1, 4)))
    bias = steps is AFFINE
    return draft.network(draft.dense(here, draw(st.integers(1, 3)), bias=bias))


def bend(network: Network, seed: int) -> float:
    """What the best affine function of random inputs leaves of the outputs, root mean square.

    Counted in the largest number that any layer works with, since rounding is.
    """
    inputs = 3 * np.random.default_rng(seed).normal(size=(200, network.input_width or 0))
    largest = [1e-300]
    (outputs,) = NumpyEngine(network).forward(
        inputs, lambda _place, _before, after: largest.append(np.abs(after).max())
    )
    fits = least_squares.fit(AffineFactor.of_values(inputs, outputs))
    return float(np.sqrt(max(fit.value for fit in fits))) / max(largest)


@settings(deadline=None, max_examples=examples(200))
@given(network=networks(curved=False), seed=st.integers(0, 2**32))
def test_what_is_called_whole_is_affine_whatever_the_weights(network: Network, seed: int) -> None:
    assert collapse(network).whole
    assert bend(drawn(network, seed), seed) < ROUNDING


@settings(deadline=None, max_examples=examples(200))
@given(network=networks(curved=True), seed=st.integers(0, 2**32))
def test_what_is_not_called_whole_bends_for_some_weights(network: Network, seed: int) -> None:
    assert not collapse(network).whole
    # A chain of units may shrink what reaches the only kink to nothing for most weights, never for all.
    assert any(bend(drawn(network, seed + k), seed) > 1e6 * ROUNDING for k in range(100))


@settings(deadline=None, max_examples=examples(100))
@given(data=st.data(), seed=st.integers(0, 2**32), plain=st.booleans())
def test_without_intercept_the_outputs_vanish_at_the_origin(data: st.DataObject, seed: int, plain: bool) -> None:  # noqa: FBT001
    network = data.draw(networks(curved=False, steps=WITHOUT_CONSTANTS if plain else AFFINE))
    assert collapse(network).intercept or plain
    (outputs,) = NumpyEngine(drawn(network, seed)).forward(np.zeros((1, network.input_width or 0)))
    assert collapse(network).intercept == bool(outputs.any())


@settings(deadline=None, max_examples=examples(100))
@given(network=networks(curved=True), seed=st.integers(0, 2**32))
def test_the_layers_of_a_stretch_are_one_affine_map_of_what_enters_it(network: Network, seed: int) -> None:
    """In a chain a stretch's last pre-activation is an affine function of its first layer's input."""
    for stretch in collapse(network).stretches:
        shown: dict[int, tuple[Array, Array]] = {}

        def see(place: int, before: Array, after: Array, shown: dict[int, tuple[Array, Array]] = shown) -> None:
            shown[place] = before, after

        inputs = 3 * np.random.default_rng(seed).normal(size=(200, network.input_width or 0))
        NumpyEngine(drawn(network, seed)).forward(inputs, see)
        names = [node.layer.name for node in network.nodes]
        first = network.nodes[names.index(stretch.layers[0].name)].sources[0]
        last = len(names) - 1 - names[::-1].index(stretch.layers[-1].name)
        entering, leaving = shown[first][1].reshape(200, -1), shown[last][0].reshape(200, -1)
        largest = max(np.abs(after).max() for _, after in shown.values())
        fits = least_squares.fit(AffineFactor.of_values(entering, leaving))
        assert np.sqrt(max(fit.value for fit in fits)) < ROUNDING * largest
