"""The committed fixtures still are what their README says: nothing is retrained here."""

import importlib.util
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from paths import FIXTURES

EXPECTED: dict[str, dict[str, Any]] = json.loads((FIXTURES / "expected.json").read_text())
LEGACY = sorted(path for path in (FIXTURES / "legacy").iterdir() if path.suffix in {".keras", ".h5"})


@pytest.fixture(scope="module")
def measure() -> Any:  # noqa: ANN401
    pytest.importorskip("keras")
    spec = importlib.util.spec_from_file_location("reference", FIXTURES / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def weights_of(name: str) -> h5py.File:
    with zipfile.ZipFile(FIXTURES / name / "model.keras") as archive:
        return h5py.File(io.BytesIO(archive.read("model.weights.h5")))


def test_every_model_has_expected_losses() -> None:
    assert {path.parent.name for path in FIXTURES.glob("*/model.keras")} == set(EXPECTED)


@pytest.mark.keras
@pytest.mark.parametrize("name", EXPECTED)
def test_losses_are_as_recorded(name: str, measure: Any) -> None:  # noqa: ANN401
    assert measure.measure(name) == {
        key: pytest.approx(value, rel=1e-4, abs=1e-12) if isinstance(value, float) else value
        for key, value in EXPECTED[name].items()
    }


@pytest.mark.parametrize("name", EXPECTED)
def test_readme_shows_the_recorded_losses(name: str) -> None:
    lines = (FIXTURES / "README.md").read_text().splitlines()
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    (cells,) = (cells for cells in table if cells[0] == f"`{name}`" and len(cells) == 6)
    numbers = [f"{EXPECTED[name][rung]:.5g}" for rung in ("constant", "affine", "trained")]
    assert [cell.replace("0 (to rounding)", "0") for cell in cells[-3:]] == [
        "0" if float(number) < 1e-12 else number for number in numbers
    ]


def test_three_points_stands_on_the_least_squares_floor() -> None:
    loss = EXPECTED["three-points"]
    assert loss["affine"] == pytest.approx(0.005675946924535556, rel=1e-12)
    assert loss["trained"] == pytest.approx(loss["affine"], rel=1e-6)


def test_three_points_remembers_the_posts_training() -> None:
    iterations, rate = (weights_of("three-points")[f"optimizer/vars/{i}"][()] for i in (0, 1))
    assert iterations == 10_000
    assert rate == pytest.approx(1e-5)


def test_three_points_has_the_same_weights_as_keras_2_saved() -> None:
    with h5py.File(FIXTURES / "three-points" / "model.h5") as legacy:
        assert legacy.attrs["keras_version"].startswith("2.")
        assert legacy["optimizer_weights/Adam/iter:0"][()] == 10_000
        for layer in ("dense", "dense_1"):
            for i, part in enumerate(("kernel:0", "bias:0")):
                old = legacy[f"model_weights/{layer}/{layer}/{part}"][()]
                new = weights_of("three-points")[f"layers/{layer}/vars/{i}"][()]
                np.testing.assert_array_equal(old, new)


def test_untrained_has_made_no_update() -> None:
    assert weights_of("three-points-untrained")["optimizer/vars/0"][()] == 0


def test_mostly_linear_stops_at_the_linear_error() -> None:
    loss = EXPECTED["mostly-linear"]
    assert loss["affine"] == pytest.approx(0.13, abs=0.005)
    assert loss["trained"] == pytest.approx(loss["affine"], rel=0.03)


@pytest.mark.keras
def test_boosted_trees_learn_what_the_mostly_linear_network_misses(measure: Any) -> None:  # noqa: ANN401
    ensemble = pytest.importorskip("sklearn.ensemble")
    selection = pytest.importorskip("sklearn.model_selection")
    x, y = measure.read(FIXTURES / EXPECTED["mostly-linear"]["data"], ["y"])
    rest = y[:, 0] - x @ np.linalg.lstsq(x, y[:, 0], rcond=None)[0]
    trees = ensemble.HistGradientBoostingRegressor(loss="absolute_error", max_depth=2, max_iter=200)
    unseen = selection.cross_val_predict(trees, x, rest, cv=3)
    assert np.abs(rest - unseen).mean() < 0.5 * EXPECTED["mostly-linear"]["affine"]


def test_numpy_cosine_is_worse_than_a_constant_and_its_twins_are_not() -> None:
    assert EXPECTED["numpy-cosine"]["trained"] > 2 * EXPECTED["numpy-cosine"]["constant"]
    assert EXPECTED["numpy-cosine-mean-error"]["trained"] < 0.01
    assert EXPECTED["relu-cosine"]["trained"] < 0.01


def test_four_relu_sine_has_dead_units_and_the_sigmoid_twin_fits() -> None:
    kernel, bias = (weights_of("four-relu-sine")[f"layers/dense/vars/{i}"][()] for i in (0, 1))
    at_both_ends = np.stack([bias, kernel[0] + bias])  # x runs from 0 to 1, so these bound every row
    assert np.sum(at_both_ends.max(axis=0) <= 0) >= 2
    assert EXPECTED["four-relu-sine"]["trained"] > 0.03
    assert EXPECTED["four-sigmoid-sine"]["trained"] < 1e-3


@pytest.mark.parametrize("name", [name for name in EXPECTED if name.startswith("healthy-")])
def test_healthy_models_fit_well(name: str) -> None:
    loss = EXPECTED[name]
    assert loss["trained"] < 0.1 * loss["constant"]
    if name not in {"healthy-linear", "healthy-autoencoder"}:
        assert loss["trained"] < 0.1 * loss["affine"]


@pytest.mark.parametrize("path", LEGACY, ids=lambda path: path.name)
def test_legacy_file_comes_with_predictions(path: Path) -> None:
    is_hdf5 = path.suffix == ".h5" or path.stem.endswith("-hdf5")
    assert path.read_bytes()[:4] == (b"\x89HDF" if is_hdf5 else b"PK\x03\x04")
    with np.load(f"{path}.npz") as answers:
        assert len(answers["x"]) == len(answers["y"]) == 16
        assert answers["x"].dtype == np.float32
        assert np.isfinite(answers["y"]).all()
        assert np.ptp(answers["y"], axis=0).min() > 0


def test_fixtures_stay_small() -> None:
    files = [path for path in FIXTURES.glob("*/*") if path.is_file() and path.parent.name != "__pycache__"]
    sizes = [path.stat().st_size for path in files]
    assert max(sizes) < 800_000
    assert sum(sizes) < 3_000_000
