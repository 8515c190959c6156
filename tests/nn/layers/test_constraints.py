"""Constraints on weights that are none of Keras's own."""

from typing import Any

import pytest

from mlpdoctor.core.network import Layer
from mlpdoctor.nn.layers.penalties import constraint


@pytest.mark.parametrize(
    "spec", [None, {"class_name": "Mine", "config": {}}, {"class_name": "function", "config": "f"}]
)
def test_none_and_classes_of_the_users_do_nothing(spec: Any) -> None:  # noqa: ANN401
    assert constraint(Layer("dense", "Dense", {"kernel_constraint": spec}), "kernel") is None
