"""Ways through a network: what is called closed is closed, whatever comes in."""

from dataclasses import replace

import numpy as np
from effort import examples
from hand_built import Draft, drawn
from hypothesis import given, settings
from hypothesis import strategies as st

from mlpdoctor.core.network import Layer, Network
from mlpdoctor.engine.numpy_engine import NumpyEngine
from mlpdoctor.nn.layers.reachability import gradient_paths, influence, lasting_influence

KINDS = ("dense", "relu", "sum", "join", "norm", "scale", "nothing", "product")


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Random graphs of three inputs, with rows, columns and whole kernels of zeros, and layers of zero scale."""
    draft = Draft(2, 2, 1)
    for _ in range(draw(st.integers(2, 9))):
        flat = range(len(draft.nodes))
        one = draw(st.sampled_from(flat))
        kind = draw(st.sampled_from(KINDS))
        alike = [k for k in flat if draft.nodes[k].shape == draft.nodes[one].shape]
        other = draw(st.sampled_from(alike))
        match kind:
            case "dense":
                draft.dense(one, draw(st.integers(1, 3)), draw(st.sampled_from([None, "tanh", "softmax"])))
            case "relu":
                draft.call("ReLU", one, max_value=draw(st.sampled_from([None, 0.0, 2.0])))
            case "sum":
                draft.call("Add", one, other)
            case "product":
                draft.call("Multiply", one, other)
            case "join":
                draft.call("Concatenate", one, draw(st.sampled_from(flat)))
            case "norm":
                draft.call("BatchNormalization", one)
            case "scale":
                draft.call("Rescaling", one, scale=0.5, offset=1.0)
            case _:
                draft.call("Rescaling", one, scale=0.0, offset=draw(st.sampled_from([0.0, 1.0])))
    last = draft.dense(len(draft.nodes) - 1, 2)
    network = drawn(draft.network(last), draw(st.integers(0, 10**6)))
    holes = np.random.default_rng(draw(st.integers(0, 10**6)))
    return _pierced(network, holes, draw(st.sampled_from([0.2, 0.6, 0.9])))


def _pierced(network: Network, rng: np.random.Generator, share: float) -> Network:
    anew: dict[int, Layer] = {}
    for layer in network.layers:
        weights = {
            name: weight * (rng.random(weight.shape) > share) if name in ("kernel", "gamma") else weight
            for name, weight in layer.weights.items()
        }
        anew[id(layer)] = replace(layer, weights=weights, trainable=bool(rng.random() < 0.5))
    return replace(network, nodes=tuple(replace(node, layer=anew[id(node.layer)]) for node in network.nodes))


@given(networks(), st.integers(0, 10**6))
@settings(max_examples=examples(150), deadline=None)
def test_inputs_without_influence_change_no_answer(network: Network, seed: int) -> None:
    rng = np.random.default_rng(seed)
    reach = influence(network, network.outputs)
    rows = rng.normal(size=(8, 5))
    moved = rows.copy()
    start = 0
    for position in network.inputs:
        own = reach.open[position]
        moved[:, start : start + own.size][:, ~own] = 10 * rng.normal(size=(8, int((~own).sum())))
        start += own.size
    engine = NumpyEngine(network)
    np.testing.assert_array_equal(engine.forward(rows)[0], engine.forward(moved)[0])


@given(networks(), st.integers(0, 10**6))
@settings(max_examples=examples(100), deadline=None)
def test_what_lasts_holds_whatever_the_trainable_weights(network: Network, seed: int) -> None:
    rng = np.random.default_rng(seed)
    reach = lasting_influence(network, network.outputs)
    anew = {
        id(layer): replace(
            layer,
            weights={
                name: weight if not layer.trainable or "variance" in name else rng.normal(size=weight.shape)
                for name, weight in layer.weights.items()
            },
        )
        for layer in network.layers
    }
    other = replace(network, nodes=tuple(replace(node, layer=anew[id(node.layer)]) for node in network.nodes))
    rows, moved = rng.normal(size=(2, 8, 5))
    start = 0
    for position in network.inputs:
        own = reach.open[position]
        moved[:, start : start + own.size][:, own] = rows[:, start : start + own.size][:, own]
        start += own.size
    engine = NumpyEngine(other)
    np.testing.assert_array_equal(engine.forward(rows)[0], engine.forward(moved)[0])


@given(networks())
@settings(max_examples=examples(60), deadline=None)
def test_a_gradient_goes_nowhere_that_values_do_not_come_from(network: Network) -> None:
    gradient = gradient_paths(network, network.outputs)
    values = lasting_influence(network, network.outputs)
    for own, all_of_it in zip(gradient.open, values.open, strict=True):
        assert not (own & ~all_of_it).any()


def test_numbers_are_told_apart_where_a_node_has_one_axis() -> None:
    draft = Draft(2, 1)
    joined = draft.call("Concatenate", 0, 1)
    out = draft.dense(joined, 2)
    network = drawn(draft.network(out), 0)
    layer = network.nodes[out].layer
    kernel = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 0.0]])
    nodes = (*network.nodes[:-1], replace(network.nodes[out], layer=replace(layer, weights={"kernel": kernel})))
    reach = influence(replace(network, nodes=nodes), (out,))
    assert reach.open[0].tolist() == [False, True]
    assert reach.open[1].tolist() == [False]
    assert gradient_paths(replace(network, nodes=nodes), (out,)).open[1].all()


def test_a_softmax_lets_every_unit_move_every_other() -> None:
    draft = Draft(2)
    shares = draft.dense(0, 2, "softmax")
    out = draft.dense(shares, 1)
    network = drawn(draft.network(out), 0)
    kernels = {shares: np.array([[1.0, 0.0], [0.0, 1.0]]), out: np.array([[1.0], [0.0]])}
    nodes = tuple(
        replace(node, layer=replace(node.layer, weights={**node.layer.weights, "kernel": kernels[position]}))
        if position in kernels
        else node
        for position, node in enumerate(network.nodes)
    )
    assert influence(replace(network, nodes=nodes), (out,)).open[0].all()
