"""Layers that only Keras runs: those that a proof takes for affine maps are affine, by Keras itself."""

from typing import Any

import keras
import numpy as np
import pytest

from mlpdoctor.core.network import Layer
from mlpdoctor.nn.layers import unsupported_layers

L = keras.layers
PLACES = {1: (8, 2), 2: (8, 6, 2), 3: (6, 6, 4, 2)}
OPTIONS: dict[str, list[dict[str, Any]]] = {
    "AveragePooling": [{"pool_size": 3, "padding": "same", "strides": 2}, {"pool_size": 2}],
    "Cropping": [{"cropping": 1}],
    "GlobalAveragePooling": [{}],
    "UpSampling": [{"size": 2}],
    "ZeroPadding": [{"padding": 1}],
}
WEIGHTED: list[dict[str, Any]] = [
    {"kernel_size": 3, "padding": "same"},
    {"kernel_size": 2, "strides": 2, "bias_initializer": keras.initializers.RandomNormal(seed=3)},
]
INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")


def cases() -> list[Any]:
    found = [
        (kind, options)
        for kind in sorted(unsupported_layers.AFFINE)
        for options in OPTIONS[kind[:-2]]
        + ([{"size": 2, "interpolation": way} for way in INTERPOLATIONS] if kind == "UpSampling2D" else [])
    ]
    for kind in sorted(unsupported_layers.CONVOLUTIONS):
        filters = {} if kind.startswith("Depthwise") else {"filters": 3}
        found += [(kind, {**filters, **options}) for options in WEIGHTED]
    found.append(("EinsumDense", {"equation": "abc,cd->abd", "output_shape": (None, 5), "bias_axes": "d"}))
    return [pytest.param(kind, options, id=f"{kind}{number}") for number, (kind, options) in enumerate(found)]


@pytest.mark.parametrize(("kind", "options"), cases())
def test_a_point_between_two_is_mapped_to_the_point_between_their_images(kind: str, options: dict[str, Any]) -> None:
    bias = {"bias_initializer": keras.initializers.RandomNormal(seed=4)} if kind == "EinsumDense" else {}
    layer = getattr(L, kind)(**{**bias, **options})
    axes = 1 if kind == "EinsumDense" else int(kind.removesuffix("Transpose")[-2])
    rng = np.random.default_rng(axes)
    one, other = rng.normal(size=(2, 5, *PLACES[axes]))
    share = rng.uniform(-2, 3, size=(5, *[1] * len(PLACES[axes])))
    first, second, between = (
        np.asarray(layer(x.astype(np.float32))) for x in (one, other, share * one + (1 - share) * other)
    )
    share = share.reshape(5, *[1] * (between.ndim - 1))
    np.testing.assert_allclose(between, share * first + (1 - share) * second, rtol=1e-4, atol=1e-4)
    assert np.ptp(between) > 0
    plain = Layer(layer.name, kind, {**options, "activation": "linear"})
    assert unsupported_layers.is_affine(plain)
