"""Distinct values, medians and quantiles are those of NumPy, and its masked arrays stay where they are."""

import subprocess
import sys

import numpy as np
import numpy.typing as npt
import pytest

from mlpdoctor.core.distinct import distinct, median, quantile


@pytest.mark.parametrize(
    "values",
    [
        np.array([3.0, 1.0, np.nan, -np.inf, np.nan, 1.0, np.inf]),
        np.array([[2, 1], [1, 2]]),
        np.array([]),
        np.array([[1, 2], [0, 7], [1, 2]], np.uint8).view(np.dtype((np.void, 2))).ravel(),
        np.array(["b", "a", "b"]),
    ],
)
def test_it_is_numpys(values: npt.NDArray[np.generic]) -> None:
    found, expected = distinct(values), np.unique(values)
    assert found.dtype == expected.dtype
    assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5, 8, 9, 30, 101])
@pytest.mark.parametrize("digits", [0, 12])
def test_middles_are_numpys_to_the_last_bit(rows: int, digits: int) -> None:
    values = np.round(1e3 * np.random.default_rng(rows).normal(size=rows), digits)
    assert median(values) == np.median(values)
    for share in (0.0, 0.1, 0.25, 0.5, 0.75, 1.0):
        assert quantile(values, share) == np.quantile(values, share)


def test_the_middle_of_no_numbers_is_none() -> None:
    assert np.isnan([median([]), median([1.0, np.nan, 2.0]), quantile([1.0, np.nan, 2.0], 0.5)]).all()


def test_it_loads_no_masked_arrays() -> None:
    find = "import numpy as np; from mlpdoctor.core.distinct import distinct; distinct(np.ones(3)); "
    told = "import sys; print('numpy.ma' in sys.modules); np.unique(np.ones(3)); print('numpy.ma' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", find + told], capture_output=True, text=True, check=True)
    assert done.stdout.split()[0] == "False"
