"""Which rows training code kept aside: those of scikit-learn and Keras, row by row."""

import numpy as np
import pytest
from effort import examples
from hand_built import Table
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from mlpdoctor.core.errors import DataFileError, UsageError
from mlpdoctor.core.network import Array
from mlpdoctor.readers.tables.split import Mask, Split, split_rows

SHARES = st.sampled_from([0.2, 0.1, 0.25, 0.3, 1 / 3, 0.07, 0.5]) | st.floats(0.01, 0.99)


def by_sklearn(rows: int, share: float, seed: int, targets: Array | None = None) -> Mask | None:
    """Ones for the rows that it keeps aside; None where it refuses."""
    labels = targets[:, 0] if targets is not None and targets.shape[1] == 1 else targets
    try:
        _, aside = train_test_split(np.arange(rows), test_size=share, random_state=seed, stratify=labels)
    except ValueError:
        return None
    return np.isin(np.arange(rows), aside)


@settings(max_examples=examples(100), deadline=None)
@given(rows=st.integers(2, 500), share=SHARES, seed=st.integers(0, 2**32 - 1))
def test_the_rows_of_train_test_split(rows: int, share: float, seed: int) -> None:
    expected = by_sklearn(rows, share, seed)
    if expected is None:
        with pytest.raises(DataFileError):
            Split(share, seed).aside(np.zeros((rows, 1)))
        return
    assert np.array_equal(Split(share, seed).aside(np.zeros((rows, 1))), expected)


@settings(max_examples=examples(150), deadline=None)
@given(
    rows=st.integers(4, 300),
    share=SHARES,
    seed=st.integers(0, 2**32 - 1),
    classes=st.integers(1, 6),
    columns=st.integers(1, 3),
    one_hot=st.booleans(),
)
def test_the_rows_of_train_test_split_by_class(
    rows: int, share: float, seed: int, classes: int, columns: int, *, one_hot: bool
) -> None:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, size=(rows, columns)).astype(float)
    y = np.eye(classes)[y[:, 0].astype(int)] if one_hot else y
    expected = by_sklearn(rows, share, seed, y)
    if expected is None:
        with pytest.raises(DataFileError):
            Split(share, seed, stratify=True).aside(y)
        return
    assert np.array_equal(Split(share, seed, stratify=True).aside(y), expected)


@pytest.mark.parametrize("share", [0.2, 0.1, 0.25, 0.3, 0.15, 0.7])
def test_the_last_rows_as_keras_counts_them(share: float) -> None:
    for rows in range(2, 400):
        trained = int(np.floor(rows * (1.0 - share)))  # keras/src/trainers/data_adapters, train_validation_split
        if 0 < trained < rows:
            assert np.array_equal(Split(share).aside(np.zeros((rows, 1))), np.arange(rows) >= trained)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.2", Split(0.2)),
        (" 0.2:42 ", Split(0.2, 42)),
        ("0.25:0", Split(0.25, 0)),
        ("0.2:7:stratify", Split(0.2, 7, stratify=True)),
    ],
)
def test_what_is_read(text: str, expected: Split) -> None:
    assert Split.of(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "20",
        "1",
        "0",
        "-0.2",
        "0.2:",
        "0.2:x",
        "0.2:-1",
        "0.2:42:",
        "0.2:42:y",
        "0.2:42:stratify:",
        "nan",
        "0.2:4294967296",
    ],
)
def test_what_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(UsageError, match=r"--split: .*0\.2:42") as refused:
        Split.of(text)
    assert "\n" not in str(refused.value)


def test_a_side_without_rows_is_refused() -> None:
    with pytest.raises(DataFileError, match="leaves one side of 3 rows empty"):
        Split(0.9).aside(np.zeros((3, 1)))


@pytest.mark.parametrize("block", [1, 7, 64, 1000])
@pytest.mark.parametrize("weighted", [False, True])
def test_each_row_is_on_one_side_in_its_order_in_blocks_of_one_height(block: int, *, weighted: bool) -> None:
    x = np.arange(203.0)[:, None]
    table = Table(x, -x, weights=x[:, 0] + 1 if weighted else None)
    split = Split(0.3, 5)
    aside = split.aside(-x)
    for chosen, dataset in zip((~aside, aside), split_rows(table, split), strict=True):
        batches = list(dataset.batches(block))
        assert [len(batch.features) for batch in batches[:-1]] == [block] * (len(batches) - 1)
        assert [batch.first_row for batch in batches] == list(range(0, int(chosen.sum()), block))
        assert np.array_equal(np.concatenate([batch.features for batch in batches]), x[chosen])
        assert np.array_equal(np.concatenate([batch.targets for batch in batches]), -x[chosen])
        assert dataset.rows_about == chosen.sum()
        if weighted:
            weights = [batch.weights for batch in batches if batch.weights is not None]
            assert np.array_equal(np.concatenate(weights), x[chosen, 0] + 1)
