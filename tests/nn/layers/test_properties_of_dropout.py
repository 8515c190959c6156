"""Dropout in training: rates, ends and what is none."""

from collections.abc import Callable

import numpy as np
import pytest
from drawn_cases import L, Model

from mlpdoctor.core.network import Layer
from mlpdoctor.nn.layers.properties import dropped, rate_of


def plain(layer: Model) -> Layer:
    return Layer("drop", layer.kind, layer.config)


@pytest.mark.parametrize("kind", [L.Dropout, L.AlphaDropout])
def test_at_a_rate_of_one_nothing_of_the_values_is_left(kind: Callable[[float], Model]) -> None:
    values = np.random.default_rng(0).normal(size=(20, 3))
    assert np.ptp(dropped(plain(kind(1.0)), values, np.random.default_rng(0))) == 0


def test_without_a_rate_the_values_are_handed_on() -> None:
    values = np.ones((2, 3))
    assert dropped(plain(L.Dropout(0.0)), values, np.random.default_rng(0)) is values


def test_noise_and_layers_of_others_are_no_dropout() -> None:
    assert rate_of(plain(L.GaussianNoise(0.5))) == 0
    assert rate_of(Layer("mine", "Dropout", {"rate": 0.5}, registered="mine>Dropout")) == 0
