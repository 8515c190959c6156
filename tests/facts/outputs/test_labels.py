"""The kind of target is told from its values: every kind by real columns, and what must not be taken for it."""

import numpy as np
import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from target_kinds import told

from mlpdoctor.core.network import Array
from mlpdoctor.facts.outputs.labels import Kind


def kind(values: Array) -> Kind:
    return told(values).kind


@pytest.mark.parametrize("seed", range(5))
def test_every_kind_is_told(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, classes = int(rng.integers(100, 3000)), int(rng.integers(3, 11))
    numbers = rng.integers(0, classes, rows).astype(float)
    binary = (rng.random(rows) < rng.uniform(0.02, 0.9)).astype(float)
    assert kind(np.full(rows, 3.0)) is Kind.CONSTANT
    assert kind(binary) is Kind.BINARY
    assert kind(2 * binary - 1) is Kind.SIGNS
    assert kind(255 * binary) is Kind.TWO_VALUES
    assert kind(binary / 255) is Kind.TWO_VALUES
    assert kind(binary + 1) is Kind.SHIFTED
    assert kind(numbers) is Kind.CLASSES
    assert kind(numbers + 1) is Kind.SHIFTED
    assert kind(numbers / 255) is Kind.SCALED
    assert kind((numbers / 255).astype(np.float32).astype(float)) is Kind.SCALED
    assert kind(np.eye(classes)[numbers.astype(int)]) is Kind.ONE_HOT
    assert kind((rng.random((rows, classes)) < 0.4).astype(float)) is Kind.MULTI_LABEL
    assert kind(rng.dirichlet(np.ones(classes), rows)) is Kind.SHARES
    assert kind(np.round(rng.dirichlet(np.ones(classes), rows), 4)) is Kind.SHARES
    assert kind(rng.random(rows)) is Kind.UNIT
    assert kind(rng.poisson(2.0, rows).astype(float)) is Kind.COUNTS
    assert kind(rng.poisson(40.0, rows).astype(float)) is Kind.COUNTS
    assert kind(rng.gamma(2.0, 1.0, rows)) is Kind.POSITIVE
    assert kind(rng.normal(size=rows)) is Kind.REAL


def test_small_tables_of_amounts_are_no_labels() -> None:
    """A grid, the doubling of a grid, the ages of a family: whole numbers that hardly repeat."""
    for values in ([0.0, 1.0, 2.0, 3.0], [1.0, 2.0, 3.0, 4.0, 5.0], [-1.0, 1.0, 3.0, 5.0, 7.0], [36.0, 34.0, 7.0, 4.0]):
        assert kind(np.array(values)) in (Kind.COUNTS, Kind.REAL)


def test_two_rows_of_amounts_are_not_two_labels() -> None:
    assert kind(np.array([3.5, 7.25])) is Kind.POSITIVE


def test_rare_classes_are_counts_rather_than_classes_of_equal_weight() -> None:
    values = np.repeat([0.0, 1.0, 2.0], [950, 40, 10])
    assert kind(values) is Kind.COUNTS
    assert told(values).classes == 3


def test_the_classes_of_one_hot_columns_are_those_that_occur() -> None:
    assert told(np.eye(4)[[0, 1, 1, 0, 2]]).classes == 3


@settings(deadline=None, max_examples=examples(80))
@given(st.lists(st.floats(-1e6, 1e6, allow_nan=False), min_size=1, max_size=40))
def test_the_kind_does_not_depend_on_the_order_of_the_rows(values: list[float]) -> None:
    array = np.array(values)
    assert told(array) == told(array[::-1])
    assert told(np.concatenate([array, array])).kind is not Kind.CONSTANT or len(set(values)) == 1


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.repeat([0.0, 1.0], [30, 10]), "0 and 1, 25 % of them 1"),
        (np.repeat([1.0, 2.0, 3.0], 10), "1, 2 and 3"),
        (np.arange(10.0).repeat(9), "whole numbers from 0 to 9, 10 different ones"),
        (np.eye(3)[[0, 1, 2]], "3 columns, with a single 1 in each row"),
        (np.linspace(-2.5, 7.25, 300), "numbers from -2.500 to 7.250"),
        (np.full(9, 4.0), "4"),
        (np.array([-0.2445, 0.1233, 0.1714]), "numbers from -0.2445 to 0.1714"),
    ],
)
def test_the_evidence_is_said_in_words(values: Array, words: str) -> None:
    assert told(values).evidence == words
