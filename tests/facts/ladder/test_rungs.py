"""The loss ladder on random networks and data: no weights go below the floor, and the rungs keep their order."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from effort import examples
from hand_built import Draft, drawn, examined, sequential
from hypothesis import given, settings
from hypothesis import strategies as st

from mlpdoctor.analysis.floors import convex, least_absolute_passes
from mlpdoctor.core.check import Absent
from mlpdoctor.core.ladder import Ladder
from mlpdoctor.core.network import Array, Layer, Network
from mlpdoctor.diagnosis.resolve import FactResolver
from mlpdoctor.engine.numpy_engine import NumpyEngine
from mlpdoctor.facts.ladder import readout
from mlpdoctor.facts.ladder.architecture_floor import ArchitectureFloor
from mlpdoctor.facts.ladder.data_floors import ConflictFloor
from mlpdoctor.facts.ladder.linear_floor import ConstantFloor, LinearFloor
from mlpdoctor.facts.ladder.model_loss import ModelLoss
from mlpdoctor.facts.training.training import Training
from mlpdoctor.nn.heads import Heads
from mlpdoctor.statistics import rows as sampled

CLOSE = 1e-9
"""Rungs are compared to nine digits of the highest: rounding may swap two that are equal."""
COMPUTED = 1e-6
"""A network fitted through large numbers that cancel is affine only up to its own rounding."""


def data(seed: int, rows: int, features: int, targets: int, kind: str) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, features))
    if kind == "repeated":
        X = rng.integers(0, 3, size=(rows, features)).astype(float)
    if kind == "far":
        X += 100
    Y = np.sin(X @ rng.normal(size=(features, targets))) + 0.3 * rng.normal(size=(rows, targets))
    if kind == "linear":
        Y = X @ rng.normal(size=(features, targets)) + rng.normal(size=targets)
    if kind == "ties":
        Y = np.round(Y)
    if kind == "constant":
        Y = np.full_like(Y, 2.5)
    return X, Y


@st.composite
def cases(draw: st.DrawFn) -> tuple[Network, Array, Array]:
    features, outputs = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    layers = draw(st.lists(st.tuples(st.integers(1, 4), st.sampled_from([None, None, "tanh", "relu"])), max_size=2))
    loss = draw(st.sampled_from(["mse", "mae"]))
    network = sequential(features, *layers, (outputs, None), bias=draw(st.booleans()), loss=loss)
    kind = draw(st.sampled_from(["plain", "repeated", "linear", "ties", "constant", "far"]))
    X, Y = data(draw(st.integers(0, 2**32)), draw(st.integers(1, 60)), features, outputs, kind)
    return drawn(network, draw(st.integers(0, 2**32)), draw(st.sampled_from([0.1, 1.0]))), X, Y


def ladder_of(resolver: FactResolver) -> Ladder:
    found = resolver.get(Ladder)
    assert isinstance(found, Ladder), found
    return found


def model_loss(network: Network, X: Array, Y: Array, loss: str) -> float:
    errors = np.concatenate(NumpyEngine(network).forward(X), axis=1) - Y
    return float(np.square(errors).mean() if loss == "mse" else np.abs(errors).mean())


@pytest.mark.slow
@settings(deadline=None, max_examples=examples(150))
@given(case=cases())
def test_the_rungs_keep_their_order(case: tuple[Network, Array, Array]) -> None:
    network, X, Y = case
    ladder = ladder_of(examined(network, X, Y))
    rungs = {rung.name: rung for rung in ladder.rungs}
    slack = CLOSE * max(rung.value for rung in ladder.rungs) + 1e-15
    assert rungs["data"].lower <= rungs["affine"].value + slack
    assert rungs["affine"].value <= rungs["constant"].value + slack
    if "architecture" in rungs:
        assert rungs["data"].lower <= rungs["architecture"].value + slack
        assert rungs["architecture"].value <= rungs["model"].value + slack
    assert rungs["data"].value <= rungs["model"].value + slack
    for rung in ladder.rungs:
        assert rung.lower <= rung.value
        assert np.isfinite([rung.value, *rung.per_part]).all()


@pytest.mark.slow
@settings(deadline=None, max_examples=examples(60))
@given(case=cases(), seed=st.integers(0, 2**32), block=st.integers(1, 25))
def test_no_rung_depends_on_the_order_of_rows_or_the_size_of_blocks(
    case: tuple[Network, Array, Array], seed: int, block: int
) -> None:
    network, X, Y = case
    order = np.random.default_rng(seed).permutation(len(X))
    first, other = ladder_of(examined(network, X, Y)), ladder_of(examined(network, X[order], Y[order], block))
    slack = CLOSE * max(rung.value for rung in first.rungs) + 1e-15
    assert [rung.name for rung in first.rungs] == [rung.name for rung in other.rungs]
    for mine, theirs in zip(first.rungs, other.rungs, strict=True):
        assert theirs.value == pytest.approx(mine.value, rel=1e-9, abs=slack)
        assert theirs.per_part == pytest.approx(mine.per_part, rel=1e-9, abs=slack)


@pytest.mark.slow
@pytest.mark.parametrize("block", [1, 17, 400])
def test_rungs_for_absolute_errors_hold_when_not_all_rows_are_kept(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    X, Y = data(3, 400, 2, 1, "plain")
    network = drawn(sequential(2, (3, "tanh"), (1, None), loss="mae"), 0)
    exact = ladder_of(examined(network, X, Y))
    monkeypatch.setattr(least_absolute_passes, "KEPT_CELLS", 400)
    found = ladder_of(examined(network, X, Y, block))
    for name in ("constant", "affine"):
        value, least = found.value(name), exact.value(name)
        assert value is not None
        assert least is not None
        # Never below the optimum; how close above it the reduction ends depends on the processor's last digits.
        assert (1 - 1e-9) * least <= value <= (1 + 1e-4) * least


AFFINE_SHAPES: dict[str, Callable[[Draft], int]] = {
    "single": lambda draft: draft.dense(0, 2),
    "deep": lambda draft: draft.dense(draft.dense(draft.dense(0, 5), 4), 2),
    "bottleneck": lambda draft: draft.dense(draft.dense(0, 1), 2),
    "no bias": lambda draft: draft.dense(draft.dense(0, 4, bias=False), 2, bias=False),
    "normalised": lambda draft: draft.dense(draft.call("BatchNormalization", draft.dense(0, 4)), 2),
    "towers": lambda draft: draft.dense(draft.call("Concatenate", draft.dense(0, 2), draft.dense(0, 3)), 2),
}


def improved(network: Network, X: Array, Y: Array, steps: int) -> Network:
    """Fit the last layer to the targets by (reweighted) least squares, as good as training could."""
    last = network.nodes[-1]
    shown: dict[int, Array] = {}

    def see(place: int, _: Array, after: Array) -> None:
        shown[place] = after

    NumpyEngine(network).forward(X, see)
    hidden = shown[last.sources[0]]
    bias = "bias" in last.layer.weights
    design = np.column_stack([hidden, np.ones(len(X))]) if bias else hidden
    solution = np.linalg.lstsq(design, Y, rcond=None)[0]
    for _ in range(steps):  # towards the absolute errors
        for k in range(Y.shape[1]):
            weight = np.sqrt(1 / np.maximum(np.abs(Y[:, k] - design @ solution[:, k]), 1e-6))
            solution[:, k] = np.linalg.lstsq(design * weight[:, None], Y[:, k] * weight, rcond=None)[0]
    weights = {"kernel": solution[: hidden.shape[1]]} | ({"bias": solution[-1]} if bias else {})
    better: Layer = replace(last.layer, weights=weights)
    return replace(network, nodes=(*network.nodes[:-1], replace(last, layer=better)))


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["mse", "mae"])
@pytest.mark.parametrize("shape", sorted(AFFINE_SHAPES))
@settings(deadline=None, max_examples=examples(60))
@given(
    seed=st.integers(0, 2**32),
    rows=st.integers(2, 40),
    kind=st.sampled_from(["plain", "repeated", "ties", "far"]),
    steps=st.integers(0, 15),
)
def test_no_weights_go_below_the_architecture_floor(
    shape: str, loss: str, seed: int, rows: int, kind: str, steps: int
) -> None:
    draft = Draft(2)
    network = draft.network(AFFINE_SHAPES[shape](draft), loss=loss)
    X, Y = data(seed, rows, 2, 2, kind)
    floor = examined(network, X, Y).get(ArchitectureFloor)
    assert isinstance(floor, ArchitectureFloor)
    height = float(np.mean(floor.per_part))
    for k in range(8):
        made = drawn(network, seed + k, 10.0 ** (k % 3 - 1))
        assert model_loss(made, X, Y, loss) >= height * (1 - CLOSE)
        assert model_loss(improved(made, X, Y, steps), X, Y, loss) >= height * (1 - COMPUTED) - 1e-12


@pytest.mark.parametrize("shape", ["single", "deep", "no bias", "normalised", "towers"])
def test_the_floor_of_squares_is_reached_by_the_best_last_layer(shape: str) -> None:
    draft = Draft(2)
    network = draft.network(AFFINE_SHAPES[shape](draft))
    X, Y = data(4, 50, 2, 2, "plain")
    floor = examined(network, X, Y).get(ArchitectureFloor)
    reached = model_loss(improved(drawn(network, 1), X, Y, 0), X, Y, "mse")
    assert reached == pytest.approx(float(np.mean(floor.per_part)), rel=1e-9)


def test_without_a_bias_the_floor_is_higher_on_data_that_do_not_pass_the_origin() -> None:
    X = np.arange(1.0, 9.0)[:, None]
    free, bound = (
        examined(sequential(1, (3, None), (1, None), bias=bias), X, X + 5).get(ArchitectureFloor)
        for bias in (True, False)
    )
    assert free.per_part == (0.0,)
    slope = float((X * (X + 5)).sum() / np.square(X).sum())
    assert bound.per_part[0] == pytest.approx(float(np.square(X + 5 - slope * X).mean()), rel=1e-12)
    assert "without any bias" in bound.reason


def test_a_curved_network_has_no_proved_floor() -> None:
    answers = examined(sequential(2, (3, "tanh"), (1, None)), *data(5, 20, 2, 1, "plain"))
    found = answers.get(ArchitectureFloor)
    assert isinstance(found, Absent)
    assert not found.applicable
    assert ladder_of(answers).rung("architecture") is None


def test_only_the_affine_one_of_two_outputs_is_bounded_by_the_line() -> None:
    draft = Draft(2)
    straight, curved = draft.dense(0, 1, name="a"), draft.dense(draft.dense(0, 9, "tanh"), 1, name="b")
    X, Y = data(6, 60, 2, 2, "plain")
    answers = examined(draft.network(straight, curved), X, Y)
    floor, linear = answers.get(ArchitectureFloor), answers.get(LinearFloor)
    assert floor.per_part == (linear.fits[0].lower, 0.0)


def test_rows_that_contradict_each_other_raise_every_floor() -> None:
    X = np.repeat(np.arange(10.0), 2)[:, None]
    Y = 3 * X + np.tile([1.0, -1.0], 10)[:, None]
    answers = examined(sequential(1, (3, None), (1, None)), X, Y)
    assert answers.get(ConflictFloor).total == 1.0
    assert answers.get(ArchitectureFloor).per_part[0] == pytest.approx(1.0, rel=1e-12)


def test_the_model_rung_is_the_loss_of_the_saved_weights() -> None:
    for loss in ("mse", "mae"):
        network = drawn(sequential(3, (4, "relu"), (2, None), loss=loss), 7)
        X, Y = data(7, 90, 3, 2, "plain")
        found = examined(network, X, Y, 11).get(ModelLoss)
        assert found.total == pytest.approx(model_loss(network, X, Y, loss), rel=1e-12)
        assert found.finite


def test_a_broken_model_has_no_finite_loss_and_stands_nowhere() -> None:
    network = drawn(sequential(1, (1, None)), 0, np.inf)
    answers = examined(network, np.ones((3, 1)), np.ones((3, 1)))
    assert not answers.get(ModelLoss).finite
    assert ladder_of(answers).standing is None


def test_loss_weights_enter_every_rung_alike() -> None:
    draft = Draft(2)
    heads = [draft.dense(0, 1, name="a"), draft.dense(0, 2, name="b")]
    X, Y = data(8, 40, 2, 3, "plain")
    network = drawn(draft.network(*heads, weights=(2.0, 0.5)), 3)
    answers = examined(network, X, Y)
    for rung in ladder_of(answers).rungs:
        parts = rung.per_part
        if rung.name in ("constant", "affine", "model", "architecture"):
            assert rung.value == pytest.approx(2 * parts[0] + 0.5 * (parts[1] + parts[2]) / 2, rel=1e-12)


def test_constant_and_line_are_those_of_numpy() -> None:
    X, Y = data(9, 70, 2, 1, "plain")
    squares = examined(sequential(2, (1, None)), X, Y)
    assert squares.get(ConstantFloor).fits[0].value == pytest.approx(Y.var(), rel=1e-12)
    design = np.column_stack([np.ones(70), X])
    residual = Y - design @ np.linalg.lstsq(design, Y, rcond=None)[0]
    assert squares.get(LinearFloor).fits[0].value == pytest.approx(np.square(residual).mean(), rel=1e-10)
    absolute = examined(sequential(2, (1, None), loss="mae"), X, Y)
    assert absolute.get(ConstantFloor).fits[0].value == pytest.approx(np.abs(Y - np.median(Y)).mean(), rel=1e-10)
    assert absolute.get(ConstantFloor).fits[0].intercept == pytest.approx(np.median(Y), abs=np.ptp(Y) / 20)


def test_rows_with_missing_cells_are_left_out_of_every_rung() -> None:
    X, Y = data(10, 40, 2, 1, "plain")
    broken = np.concatenate([X, [[np.nan, 1.0], [1.0, 2.0]]]), np.concatenate([Y, [[1.0], [np.inf]]])
    network = drawn(sequential(2, (3, "relu"), (1, None)), 1)
    clean, holed = ladder_of(examined(network, X, Y)), ladder_of(examined(network, *broken, 7))
    for mine, theirs in zip(clean.rungs, holed.rungs, strict=True):
        assert theirs.value == pytest.approx(mine.value, rel=1e-9)


def test_an_untrained_model_stands_on_no_rung() -> None:
    network = replace(sequential(1, (1, None)), optimizer=None)
    dense = network.layers[-1]
    fresh = replace(dense, config={**dense.config, "bias_initializer": "zeros"})
    nodes = (network.nodes[0], replace(network.nodes[1], layer=fresh))
    answers = examined(replace(network, nodes=nodes), np.ones((3, 1)), np.zeros((3, 1)))
    assert answers.get(Training).never
    assert ladder_of(answers).standing is None


def test_heads_add_up_what_columns_lose() -> None:
    heads = examined(sequential(1, (2, None)), np.ones((3, 1)), np.ones((3, 2))).get(Heads)
    assert heads.total((1.0, 3.0)) == 2.0


def test_a_line_of_which_only_the_upper_end_is_known_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    X = np.random.default_rng(0).normal(size=(400, 2))
    Y = (X[:, :1] + np.random.default_rng(1).normal(size=(400, 1)) > 0).astype(np.float64)
    network = sequential(2, (1, "sigmoid"), loss="binary_crossentropy")
    known = ladder_of(examined(network, X, Y)).rung("affine")
    monkeypatch.setattr(convex, "MOST_WORK", 1.0)
    monkeypatch.setattr(convex, "HELD_CELLS", 200)
    open_ended = ladder_of(examined(network, X, Y)).rung("affine")
    assert known is not None
    assert open_ended is not None
    assert (known.certainty, open_ended.certainty) == ("proved", "measured")
    assert open_ended.lower == 0
    assert open_ended.value >= known.lower


def test_a_last_layer_of_more_coefficients_than_a_sample_holds_is_not_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(600, 2)), rng.integers(3, size=(600, 1)).astype(np.float64)
    monkeypatch.setattr(readout, "MOST_CELLS", 0)
    monkeypatch.setattr(sampled, "MOST_ROWS", 150)

    def best(units: int) -> readout.ReadoutFloor | Absent:
        network = sequential(2, (units, "tanh"), (3, "softmax"), loss="sparse_categorical_crossentropy")
        found: readout.ReadoutFloor | Absent = examined(drawn(network, 0), X, Y).get(readout.ReadoutFloor)
        return found

    many, few = best(60), best(3)
    assert isinstance(many, Absent)
    assert "150 of 600 rows are looked at, too few for the 180 coefficients" in many.reason
    assert isinstance(few, readout.ReadoutFloor)
    assert few.share == 0.25
    assert few.per_part[0] > 1.0, "labels that are noise"
