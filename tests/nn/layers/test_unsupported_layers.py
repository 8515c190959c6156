"""Layers that only Keras runs: what a proof takes for no affine map."""

import pytest

from mlpdoctor.core.network import Layer
from mlpdoctor.nn.layers import unsupported_layers


@pytest.mark.parametrize("kind", ["MaxPooling2D", "GlobalMaxPooling1D", "LSTM", "MultiHeadAttention", "Lambda"])
def test_what_is_no_affine_map_is_not_taken_for_one(kind: str) -> None:
    assert not unsupported_layers.is_affine(Layer("it", kind, {"activation": "linear"}))
    assert not unsupported_layers.sums(Layer("it", kind, {}))


def test_an_activation_or_a_class_of_the_users_own_is_no_affine_map() -> None:
    assert not unsupported_layers.is_affine(Layer("it", "Conv2D", {"activation": "relu"}))
    assert not unsupported_layers.is_affine(Layer("it", "Conv2D", {"activation": "linear"}, registered="mine>Conv2D"))
    assert not unsupported_layers.is_affine(Layer("it", "AveragePooling2D", {}, registered="mine>AveragePooling2D"))


def test_what_a_recurrent_layer_answers_is_bounded() -> None:
    assert unsupported_layers.remembers(Layer("it", "LSTM", {}))
    assert unsupported_layers.remembers(Layer("it", "Bidirectional", {"layer": {"config": {"activation": "tanh"}}}))
    assert not unsupported_layers.remembers(Layer("it", "GRU", {"activation": "relu"}))
    assert not unsupported_layers.remembers(Layer("it", "LSTM", {}, registered="mine>LSTM"))
    assert not unsupported_layers.remembers(Layer("it", "Dense", {"activation": "tanh"}))
