"""Numbers as people read them."""

import ast
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paths import SOURCE

from mlpdoctor.core.text import agreeing_digits, count, equation, listing, percent, quoted, short


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.00567594, "0.005676"),
        (0.0345082, "0.03451"),
        (0.13, "0.1300"),
        (1234.5678, "1,235"),
        (10000, "10,000"),
        (6.69e-05, "6.690e-05"),
        (1.5e12, "1.500e+12"),
        (-2.5, "-2.500"),
        (math.nan, "nan"),
        (math.inf, "inf"),
    ],
)
def test_short_numbers(value: float, text: str) -> None:
    assert short(value) == text


@given(st.floats(1e-12, 1e12))
def test_a_short_number_is_the_number_to_four_digits(value: float) -> None:
    assert float(short(value).replace(",", "")) == pytest.approx(value, rel=6e-4)


@pytest.mark.parametrize(
    ("share", "text"),
    [(1.0, "100 %"), (0.5, "50 %"), (0.0251, "2.51 %"), (0.0005, "under 0.1 %"), (0.99999, "over 99.9 %"), (0, "0 %")],
)
def test_percentages(share: float, text: str) -> None:
    assert percent(share) == text


def test_agreement_is_counted_in_digits_and_never_beyond_float32() -> None:
    assert agreeing_digits(0.0056759, 0.0056759) == 6
    assert agreeing_digits(0.1313, 0.1311) == 2
    assert agreeing_digits(1.0, 2.0) == 0
    assert agreeing_digits(1e300, 1e-300) == 0
    assert agreeing_digits(1.0, 0.0) == 0
    assert agreeing_digits(math.nan, 1.0) == 0


def test_an_equation_leaves_out_what_is_not_there() -> None:
    assert equation("y", 0.0167101, (0.2079623,), ("x",)) == "y = 0.20796 x + 0.01671"
    assert equation("y", -1.0, (0.0, -2.5), ("a", "b")) == "y = -2.5 b - 1"
    assert equation("y", 0.0, (0.0,), ("x",)) == "y = 0"
    assert equation("y", 1.1e-16, (-0.25,), ("x",)) == "y = -0.25 x"
    assert equation("y", 1.1e-16, (0.0,), ("x",)) == "y = 1.1e-16"


def test_lists_are_cut_and_counted() -> None:
    assert listing(["a", "b"]) == "a, b"
    assert listing(list("abcdef")) == "a, b, c and 3 more"
    assert count(1, "row") == "1 row"
    assert count(2000, "row") == "2,000 rows"


@pytest.mark.parametrize("name", ["dense", 'a", b="', "a\\", '\\"', "it's", "a\\nb", "größe", ""])
def test_a_quoted_name_is_that_name_in_code(name: str) -> None:
    assert ast.literal_eval(quoted(name)) == name
    assert quoted(name).startswith('"')


def test_no_line_of_code_puts_a_name_between_quotes_itself() -> None:
    lines = [
        f"{path.name}: {line.strip()}"
        for room in ("checks", "nn", "treat", "facts")
        for path in (SOURCE / room).rglob("*.py")
        for line in path.read_text().splitlines()
        if re.search(r"""(\bname=|get_layer\(|df\[)["']\{""", line)
    ]
    assert lines == []
