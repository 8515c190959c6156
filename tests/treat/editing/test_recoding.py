"""Labels in other spellings, beside what Keras and NumPy make of them."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_cases import Table

from mlpdoctor.treat.editing.apply import recoded
from mlpdoctor.treat.editing.edits import EditError, Recode, SetOption

CLASSES = np.array([[0.0], [2.0], [1.0], [2.0]])


def test_nothing_to_recode_is_the_same_array() -> None:
    assert recoded(CLASSES, [SetOption("a", "activation", "relu")]) is CLASSES


@given(st.lists(st.integers(0, 4), min_size=1, max_size=20))
def test_class_numbers_and_one_hot_columns_are_one_thing(numbers: list[int]) -> None:
    column = np.array(numbers, float)[:, None]
    spread = recoded(column, [Recode((0, 1), "one-hot", 5)])
    np.testing.assert_array_equal(spread, keras.utils.to_categorical(column[:, 0], 5))
    assert spread.dtype == column.dtype
    np.testing.assert_array_equal(recoded(spread, [Recode((0, 5), "class-number")]), column)


@pytest.mark.parametrize(
    ("how", "number", "given", "expected"),
    [
        ("minus", 1.0, [1, 2, 3], [0, 1, 2]),
        ("times", 255.0, [0.0, 1 / 255], [0, 1]),
        ("positive", 0.0, [-1, 1, 1], [0, 1, 1]),
        ("sign", 0.0, [0, 1, 1], [-1, 1, 1]),
        ("ranks", 0.0, [10, 30, 20, 10], [0, 2, 1, 0]),
    ],
)
def test_spellings(how: str, number: float, given: list[float], expected: list[float]) -> None:
    column = np.array(given, float)[:, None]
    np.testing.assert_allclose(recoded(column, [Recode((0, 1), how, number)])[:, 0], expected)


def test_columns_of_other_outputs_stay_and_later_edits_see_what_earlier_ones_did() -> None:
    table = np.column_stack([[5.0, 6.0], [1.0, 3.0], [7.0, 8.0]])
    found = recoded(table, [Recode((1, 2), "minus", 1), Recode((1, 2), "one-hot", 3), Recode((4, 5), "minus", 7)])
    np.testing.assert_array_equal(found, [[5, 1, 0, 0, 0], [6, 0, 0, 1, 1]])


@pytest.mark.parametrize(
    ("edit", "table", "words"),
    [
        (Recode((0, 2), "minus", 1), CLASSES, "1 target columns"),
        (Recode((0, 1), "backwards"), CLASSES, "cannot be recoded by 'backwards'"),
        (Recode((0, 1), "one-hot", 2), CLASSES, "no class numbers from 0 to 1"),
        (Recode((0, 1), "one-hot", 3), CLASSES / 2, "no class numbers"),
        (Recode((0, 2), "one-hot", 3), np.zeros((2, 2)), "made of one column"),
    ],
)
def test_what_does_not_fit_is_refused(edit: Recode, table: Table, words: str) -> None:
    with pytest.raises(EditError, match=words):
        recoded(table, [edit])
