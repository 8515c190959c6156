"""Padding of sequences: steps that are 0 in every row."""

import pytest

from mlpdoctor.facts.network.padding import Sequences


@pytest.mark.parametrize(
    ("steps", "channels", "still", "cut"),
    [
        (6, 1, [4, 5], "x = x[:, :4]"),
        (6, 1, [0, 1], "x = x[:, 2:]"),
        (3, 2, [4, 5], "x = x[:, :2]"),
        (6, 1, [0, 5], "x = x[:, 1:5]"),
    ],
)
def test_steps_at_the_ends_are_cut(steps: int, channels: int, still: list[int], cut: str) -> None:
    remedy = Sequences(steps, channels, numbered=True).padded(still)
    assert remedy is not None
    assert remedy.code == cut
    assert "mask_zero=True" in remedy.text


@pytest.mark.parametrize("still", [[2], [0, 1, 2, 3, 4, 5], [2, 5]])
def test_zeros_in_the_middle_are_no_padding(still: list[int]) -> None:
    assert Sequences(6, 1, numbered=False).padded(still) is None


def test_of_a_channel_that_is_zero_no_step_is_cut() -> None:
    assert Sequences(3, 2, numbered=False).padded([1, 3, 5]) is None
