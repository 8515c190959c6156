"""The quick nonlinear fit: no structure where there is none, structure where there is, and numbers that hold up."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hand_built import examined, sequential

from mlpdoctor.core.check import Absent
from mlpdoctor.core.network import Array
from mlpdoctor.facts.ladder.loss_position import GOOD, LossPosition
from mlpdoctor.facts.ladder.second_opinion import SecondOpinion

NOISES: dict[str, Callable[[np.random.Generator, int], Array]] = {
    "gaussian": lambda rng, rows: rng.normal(size=rows),
    "student": lambda rng, rows: rng.standard_t(3, size=rows),
    "uniform": lambda rng, rows: rng.uniform(-1, 1, size=rows),
    "skewed": lambda rng, rows: rng.exponential(size=rows) - 1,
    "integers": lambda rng, rows: rng.integers(-2, 3, size=rows).astype(float),
}
CURVES: dict[str, Callable[[Array], Array]] = {
    "sine": lambda X: np.sin(3 * X[:, 0]),
    "product": lambda X: X[:, 0] * X[:, 1],
    "distance": lambda X: np.abs(X[:, 1]),
    "step": lambda X: np.where(X[:, 0] > 0.5, 1.0, 0.0),
    "bump": lambda X: np.exp(-np.square(X[:, 0]) - np.square(X[:, 1])),
}


def opinion(X: Array, y: Array, loss: str = "mse") -> Any:  # noqa: ANN401  a SecondOpinion or Absent
    return examined(sequential(X.shape[1], (1, None), loss=loss), X, y[:, None]).get(SecondOpinion)


@pytest.mark.slow
@pytest.mark.parametrize("noise", sorted(NOISES))
@pytest.mark.parametrize("features", [1, 3, 8])
@pytest.mark.parametrize("rows", [60, 200, 500])
@pytest.mark.parametrize("loss", ["mse", "mae"])
def test_no_structure_is_seen_in_a_line_with_noise(noise: str, features: int, rows: int, loss: str) -> None:
    """Ninety data sets, three times as strict as one in forty would allow."""
    rng = np.random.default_rng([rows, features, sorted(NOISES).index(noise)])
    X = rng.normal(size=(rows, features))
    y = X @ rng.normal(size=features) + rng.choice([0.1, 1.0, 5.0]) * NOISES[noise](rng, rows)
    found = opinion(X, y, loss)
    assert isinstance(found, SecondOpinion)
    assert not found.structure


@pytest.mark.slow
@pytest.mark.parametrize("curve", sorted(CURVES))
@pytest.mark.parametrize("loss", ["mse", "mae"])
def test_structure_is_seen_in_a_curve_under_noise(curve: str, loss: str) -> None:
    rng = np.random.default_rng(sorted(CURVES).index(curve))
    X = rng.normal(size=(800, 2))
    y = X @ [0.5, -0.3] + CURVES[curve](X) + 0.2 * rng.normal(size=800)
    found = opinion(X, y, loss)
    assert found.structure
    assert 0 < found.curve < found.line
    assert found.saved == pytest.approx(found.line - found.curve, rel=1e-9)


def test_rows_exactly_on_a_line_hold_no_structure() -> None:
    X = np.random.default_rng(0).normal(size=(200, 3))
    found = opinion(X, X @ [1.0, 2.0, 3.0] + 4)
    assert not found.structure
    assert found.line == pytest.approx(0.0, abs=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_the_lines_loss_out_of_sample_is_that_on_fresh_rows(seed: int) -> None:
    """Cross-validation on 1,500 rows against the line of those rows on 20,000 new ones."""
    rng = np.random.default_rng(seed)
    X, fresh = rng.normal(size=(1_500, 3)), rng.normal(size=(20_000, 3))

    def truth(Z: Array) -> Array:
        made: Array = Z @ [1.0, -1.0, 0.5] + np.sin(2 * Z[:, 0]) + rng.normal(size=len(Z))
        return made

    y, wanted = truth(X), truth(fresh)
    line = np.linalg.lstsq(np.column_stack([np.ones(1_500), X]), y, rcond=None)[0]
    squares = np.square(line[0] + fresh @ line[1:] - wanted)
    found = opinion(X, y)
    assert abs(found.line - squares.mean()) <= 5 * squares.std() / np.sqrt(1_500)
    assert found.rows == 1_500


@pytest.mark.slow
@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_the_verdict_does_not_depend_on_scale_or_offset_of_the_features(size: float, offset: float) -> None:
    rng = np.random.default_rng(3)
    X = np.round(rng.normal(size=(400, 2)), 3)
    y = np.sin(3 * X[:, 0]) + 0.1 * rng.normal(size=400)
    plain, moved = opinion(X, y), opinion(size * (X + offset), y)
    assert moved.structure
    assert moved.curve == pytest.approx(plain.curve, rel=0.05)


@pytest.mark.parametrize(("rows", "features"), [(49, 1), (10, 1), (60, 15), (3, 2)])
def test_too_few_rows_give_no_opinion(rows: int, features: int) -> None:
    X = np.random.default_rng(1).normal(size=(rows, features))
    found = opinion(X, X[:, 0])
    assert isinstance(found, Absent)
    assert f"{rows} rows" in found.reason


def test_a_constant_column_and_a_constant_target_do_no_harm() -> None:
    X = np.column_stack([np.random.default_rng(2).normal(size=100), np.full(100, 3.0)])
    assert not opinion(X, np.full(100, 7.0)).structure


def standing(
    constant: float = 4.0, affine: float = 2.0, data: float = 0.0, reach: float = 1.0, model: float = 1.0
) -> LossPosition:
    return LossPosition(constant, affine, data, reach, model)


def test_shortfall_is_the_share_of_the_way_from_the_reach_to_the_constant() -> None:
    assert standing(model=1.0).shortfall == 0.0
    assert standing(model=2.5).shortfall == 0.5
    assert standing(model=4.0).shortfall == 1.0
    assert standing(model=0.5).shortfall < 0


def test_a_model_does_well_up_to_a_twentieth_of_the_way() -> None:
    assert standing(model=1 + 2.9 * GOOD).well
    assert not standing(model=1 + 3.1 * GOOD).well
    assert standing(model=0.2).well
    assert not standing(model=float("nan")).well
    assert not standing(model=float("inf")).well


def test_where_nothing_beats_the_constant_only_a_model_above_it_falls_short() -> None:
    assert standing(constant=1.0, reach=1.0, model=1.0).well
    assert not standing(constant=1.0, reach=1.0, model=3.0).well


def test_the_share_that_a_floor_keeps_is_between_nothing_and_all() -> None:
    assert standing(model=3.0, data=1.0).share(2.0) == 0.5
    assert standing(model=3.0).share(5.0) == 1.0
    assert standing(model=3.0, data=1.0).share(0.5) == 0.0
    assert standing(model=1.0, data=1.0).share(1.0) is None


def test_the_reach_is_the_lowest_loss_that_something_is_known_to_have() -> None:
    rng = np.random.default_rng(4)
    X = rng.normal(size=(400, 1))
    curved = examined(sequential(1, (3, "tanh"), (1, None)), X, np.sin(3 * X) + 0.1 * rng.normal(size=(400, 1)))
    found, quick = curved.get(LossPosition), curved.get(SecondOpinion)
    assert found.reach == quick.curve < found.affine < found.constant
    straight = examined(sequential(1, (3, "tanh"), (1, None)), X, X + rng.normal(size=(400, 1))).get(LossPosition)
    assert straight.reach == straight.affine
    twice = np.repeat(X[:50], 2, axis=0)
    noisy = examined(sequential(1, (3, "tanh"), (1, None)), twice, np.tile([[1.0], [-1.0]], (50, 1))).get(LossPosition)
    assert noisy.data == pytest.approx(1.0)
    assert noisy.reach >= noisy.data
