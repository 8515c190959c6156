"""Whatever holds the rows in memory, the data set is the same; what does not fit is told in one line."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from mlpdoctor.core.dataset import Dataset, Wanted
from mlpdoctor.core.errors import InputError
from mlpdoctor.core.network import Layer, LossConfig, Network, Node
from mlpdoctor.readers.tables.held_out import PreprocessedDataset, function_of
from mlpdoctor.readers.tables.memory_data import Weights, open_memory

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(50, 3)), RNG.normal(size=50)
FRAME = pa.table({"a": X[:, 0], "b": X[:, 1], "c": X[:, 2]})
THREE, ALIKE = Wanted(3, (1,)), Weights()


def network(inputs: Sequence[str] = ("x",), outputs: Sequence[str] = ("y",)) -> Network:
    """One of which only the names of inputs and outputs count."""
    nodes = tuple(Node(Layer(name, "InputLayer", {}), (), (3,)) for name in (*inputs, *outputs))
    places, count = tuple(range(len(inputs))), len(outputs)
    ends = tuple(range(len(inputs), len(nodes)))
    return Network("m", nodes, places, ends, tuple(outputs), (LossConfig("mse"),) * count, (1.0,) * count, None, "", "")


def opened(
    x: object, y: object, wanted: Wanted = THREE, *, weights: Weights = ALIKE, of: Network | None = None
) -> Dataset:
    return open_memory(x, y, weights, of or network(), wanted)


def rows(dataset: Dataset, height: int = 16) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    batches = list(dataset.batches(height))
    assert all(batch.features.dtype == np.float64 for batch in batches)
    return np.concatenate([b.features for b in batches]), np.concatenate([b.targets for b in batches])


class Tensor:
    """What all tensors have in common."""

    def __init__(self, values: Any) -> None:  # noqa: ANN401
        self._values = values

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:  # noqa: ANN401
        return np.array(self._values, dtype=dtype, copy=copy)


SAME: dict[str, Callable[[Any], Any]] = {
    "array": lambda a: a,
    "Fortran": np.asfortranarray,
    "list": lambda a: a.tolist(),
    "objects": lambda a: a.astype(object),
    "tensor": Tensor,
    "sparse": lambda a: sparse.coo_matrix(a) if a.ndim == 2 else a,
    "frame": lambda a: FRAME if a.ndim == 2 else pa.chunked_array([a[:20], a[20:]]),
    "column": lambda a: a if a.ndim == 2 else a[:, None],
    "dictionary": lambda a: {"x" if a.ndim == 2 else "y": a},
}


@pytest.mark.parametrize("kind", SAME)
def test_the_rows_are_the_same_whatever_holds_them(kind: str) -> None:
    dataset = opened(SAME[kind](X), SAME[kind](Y))
    features, targets = rows(dataset)
    np.testing.assert_array_equal(features, X)
    np.testing.assert_array_equal(targets[:, 0], Y)
    assert dataset.rows_about == 50
    assert dataset.feature_names == (("a", "b", "c") if kind == "frame" else ("x[0]", "x[1]", "x[2]"))


@given(height=st.integers(1, 70), count=st.integers(1, 50))
def test_batches_have_the_height_that_is_asked_for(height: int, count: int) -> None:
    found = list(opened(X[:count], Y[:count]).batches(height))
    assert [len(batch.features) for batch in found[:-1]] == [height] * (len(found) - 1)
    np.testing.assert_array_equal(np.concatenate([batch.features for batch in found]), X[:count])
    assert [batch.first_row for batch in found] == list(range(0, count, height))


def test_arrays_of_numbers_are_not_copied() -> None:
    x, y = np.zeros((300_000, 3), np.float32), np.zeros(300_000)
    dataset = opened(x, y)
    x[-1] = 7.0
    *_, last = dataset.batches(100_000)
    assert last.features[-1].tolist() == [7.0] * 3


def test_images_are_rows_of_their_pixels() -> None:
    pixels = np.arange(24.0).reshape(2, 3, 4)
    dataset = opened(pixels, [0.0, 1.0], Wanted(12, (1,)))
    assert dataset.feature_names[:2] == ("x[0,0]", "x[0,1]")
    np.testing.assert_array_equal(rows(dataset)[0], pixels.reshape(2, 12))


@pytest.mark.parametrize("kind", [list, tuple, lambda parts: dict(zip(("place", "time"), parts, strict=True))])
def test_parts_for_several_inputs_stand_in_the_models_order(kind: Callable[[Any], Any]) -> None:
    dataset = opened(
        kind([X[:, :1], X[:, 1:]]), kind([Y, -Y]), Wanted(3, (2,)), of=network(("place", "time"), ("place", "time"))
    )
    np.testing.assert_array_equal(rows(dataset)[0], X)
    np.testing.assert_array_equal(rows(dataset)[1], np.stack([Y, -Y], axis=1))
    assert dataset.feature_names == ("place", "time[0]", "time[1]")


def test_a_frame_that_holds_the_target_is_told_by_names() -> None:
    whole = FRAME.append_column("price", pa.array(Y)).append_column("city", pa.array(["x"] * 50))
    dataset = opened(whole, None, Wanted(3, (1,), target=("price",), drop=("city",)))
    assert (dataset.feature_names, dataset.target_names) == (("a", "b", "c"), ("price",))
    np.testing.assert_array_equal(rows(dataset)[0], X)


@pytest.mark.parametrize("holder", [list, np.array, pa.array, lambda texts: np.array(texts)[:, None]])
def test_two_texts_are_zero_and_one(holder: Callable[[Any], Any]) -> None:
    dataset = opened(X, holder(["yes", "no"] * 25))
    assert dataset.guesses == ("y: 'no' is read as 0, 'yes' as 1",)
    assert rows(dataset)[1][:, 0].tolist() == [1.0, 0.0] * 25


def test_a_missing_label_stays_missing() -> None:
    labels = pa.array([None, "no", "yes", *["no"] * 47])
    assert np.isnan(rows(opened(X, labels))[1][0, 0])


def test_weights_of_rows_and_classes_are_multiplied() -> None:
    labels, own = np.arange(50) % 3, np.linspace(0, 1, 50)
    dataset = opened(X, labels, weights=Weights(own, {0: 2.0, 1: 5.0}))
    found = np.concatenate([batch.weights for batch in dataset.batches(16) if batch.weights is not None])
    np.testing.assert_allclose(found, own * np.array([2.0, 5.0, 1.0])[labels])
    assert dataset.weight_name == "sample_weight"


def test_class_weights_of_one_hot_labels() -> None:
    dataset = opened(X, np.eye(2)[np.arange(50) % 2], Wanted(3, (2,)), weights=Weights(None, {1: 3.0}))
    batch = next(iter(dataset.batches(50)))
    assert batch.weights is not None
    assert batch.weights.tolist() == [1.0, 3.0] * 25


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        (X[:, :2], Y, "x: has 2 columns and the model takes 3 features"),
        (X, Y[:-1], "x has 50 rows and y has 49; each row needs its target"),
        (X[:0], Y[:0], "x: holds no rows"),
        (X, 3.0, "y: a single float was given"),
        (X, "y.csv", "y: str was given"),
        ([[1.0, 2.0], [3.0]], Y, "x: list cannot be made an array"),
        (X, ["a", "b", "c", *"a" * 47], "y: holds 3 different texts or dates"),
        (np.full((50, 3), "a"), Y, "x\\[0\\]: holds texts or objects"),
        ({"z": X}, Y, "x: the dictionary has no x; expected a part for each of x, and it has z"),
        (X, None, "y is missing"),
    ],
)
def test_what_does_not_fit_is_told_in_one_line(x: Any, y: Any, said: str) -> None:  # noqa: ANN401
    with pytest.raises(InputError, match=said) as caught:
        opened(x, y)
    assert "\n" not in str(caught.value)


def test_weights_have_to_be_one_for_each_row() -> None:
    with pytest.raises(InputError, match="each row needs its weight"):
        opened(X, Y, weights=Weights(np.ones(3)))
    with pytest.raises(InputError, match="expected one number for each row"):
        opened(X, Y, weights=Weights(np.ones((50, 2))))
    with pytest.raises(InputError, match="weights are 0 or more"):
        rows(opened(X, Y, weights=Weights(-np.ones(50))))


def test_a_function_goes_over_every_batch() -> None:
    dataset = PreprocessedDataset(opened(X, Y), lambda x: sparse.csr_matrix(x[:, :2] * 3), 2, "preprocess")
    assert dataset.feature_names == ("x[0]", "x[1]")
    assert dataset.guesses == ("features made by preprocess",)
    np.testing.assert_allclose(rows(dataset)[0], X[:, :2] * 3)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda x: x[:, :1], "preprocess: makes 1 column of 3 columns, and the model takes 3 features"),
        (lambda x: x[:1], r"preprocess: makes \(1, 3\) of \(50, 3\); it must give one row for each row"),
        (lambda _: 1 / 0, "preprocess: it failed on x: ZeroDivisionError"),
    ],
)
def test_a_function_that_does_not_fit_is_named(function: Callable[[Any], Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        PreprocessedDataset(opened(X, Y), function, 3, "preprocess")


def test_only_functions_and_fitted_transformers_preprocess() -> None:
    class Scaler:
        def transform(self, x: Any) -> Any:  # noqa: ANN401
            return x

    own = Scaler()
    assert function_of(own, "preprocess") == own.transform
    for wrong in (3, Scaler):
        with pytest.raises(InputError, match="expected a function, or a fitted transformer"):
            function_of(wrong, "preprocess")
