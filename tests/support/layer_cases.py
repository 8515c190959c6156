"""Every layer family of Keras's in all its options, with the shapes of its inputs, to be made with Keras or without."""

from collections.abc import Callable
from typing import Any

import numpy as np

RNG = np.random.default_rng(7)
Make = Callable[[Any], Any]
"""Makes a layer with ``keras.layers``, or with the ``L`` of ``networks``."""


def adapted(L: Any) -> Any:  # noqa: ANN401
    layer = L.Normalization()
    layer.adapt(RNG.normal(3, 2, (50, 6)))
    return layer


def adapted_as_one(L: Any) -> Any:  # noqa: ANN401
    layer = L.Normalization(axis=None)
    layer.adapt(RNG.normal(3, 2, (50, 6)))
    return layer


SINGLE: dict[str, tuple[tuple[int, ...], Make]] = {
    "dense": ((6,), lambda L: L.Dense(3, activation="tanh")),
    "dense no bias": ((6,), lambda L: L.Dense(3, use_bias=False)),
    "dense on rank 4": ((2, 3, 4), lambda L: L.Dense(3, activation="softmax")),
    "dense glu": ((6,), lambda L: L.Dense(4, activation="glu")),
    "dense layer activation": ((6,), lambda L: L.Dense(4, activation=L.LeakyReLU(negative_slope=0.05))),
    "dense elu layer": ((6,), lambda L: L.Dense(4, activation=L.ELU(alpha=0.3))),
    "activation": ((6,), lambda L: L.Activation("gelu")),
    "activation glu": ((6,), lambda L: L.Activation("glu")),
    "relu": ((6,), lambda L: L.ReLU(max_value=1.0, negative_slope=0.1, threshold=0.2)),
    "leaky": ((6,), lambda L: L.LeakyReLU(negative_slope=0.07)),
    "prelu": ((6,), lambda L: L.PReLU()),
    "prelu shared": ((3, 2), lambda L: L.PReLU(shared_axes=[1])),
    "elu": ((6,), lambda L: L.ELU(alpha=0.5)),
    "softmax": ((6,), lambda L: L.Softmax()),
    "softmax axis": ((3, 2), lambda L: L.Softmax(axis=1)),
    "softmax axes": ((3, 2), lambda L: L.Softmax(axis=(1, 2))),
    "dropout": ((6,), lambda L: L.Dropout(0.5)),
    "spatial dropout 1": ((3, 2), lambda L: L.SpatialDropout1D(0.5)),
    "spatial dropout 2": ((3, 2, 2), lambda L: L.SpatialDropout2D(0.5)),
    "spatial dropout 3": ((3, 2, 2, 2), lambda L: L.SpatialDropout3D(0.5)),
    "alpha dropout": ((6,), lambda L: L.AlphaDropout(0.5)),
    "gaussian dropout": ((6,), lambda L: L.GaussianDropout(0.5)),
    "gaussian noise": ((6,), lambda L: L.GaussianNoise(0.5)),
    "activity regularization": ((6,), lambda L: L.ActivityRegularization(l1=0.1)),
    "identity": ((6,), lambda L: L.Identity()),
    "batch normalization": ((6,), lambda L: L.BatchNormalization()),
    "batch normalization bare": ((6,), lambda L: L.BatchNormalization(center=False, scale=False)),
    "batch normalization axis": ((3, 2), lambda L: L.BatchNormalization(axis=1, epsilon=0.1)),
    "layer normalization": ((6,), lambda L: L.LayerNormalization()),
    "layer normalization axes": ((3, 2), lambda L: L.LayerNormalization(axis=[1, 2])),
    "layer normalization first axis": ((3, 2), lambda L: L.LayerNormalization(axis=1, center=False)),
    "layer normalization bare": ((6,), lambda L: L.LayerNormalization(center=False, scale=False)),
    "layer normalization rms": ((6,), lambda L: L.LayerNormalization(rms_scaling=True)),
    "unit normalization": ((6,), lambda L: L.UnitNormalization()),
    "unit normalization axes": ((3, 2), lambda L: L.UnitNormalization(axis=[1, 2])),
    "normalization": ((6,), adapted),
    "normalization axis none": ((6,), adapted_as_one),
    "normalization given": ((2,), lambda L: L.Normalization(mean=[1.0, 2.0], variance=[4.0, 0.5])),
    "normalization scalar": ((6,), lambda L: L.Normalization(mean=1.5, variance=0.25)),
    "normalization inverted": ((6,), lambda L: L.Normalization(mean=1.5, variance=0.25, invert=True)),
    "normalization none": ((6,), lambda L: L.Normalization(axis=None, mean=1.5, variance=4.0)),
    "rescaling": ((6,), lambda L: L.Rescaling(0.5, offset=-1.0)),
    "rescaling lists": ((2,), lambda L: L.Rescaling([0.5, 2.0], offset=[1.0, -1.0])),
    "flatten": ((3, 2), lambda L: L.Flatten()),
    "flatten channels first": ((3, 2, 2), lambda L: L.Flatten(data_format="channels_first")),
    "reshape": ((6,), lambda L: L.Reshape((3, 2))),
    "reshape open": ((6,), lambda L: L.Reshape((-1, 2))),
    "permute": ((3, 2), lambda L: L.Permute((2, 1))),
    "repeat": ((6,), lambda L: L.RepeatVector(3)),
}
SEVERAL: dict[str, tuple[list[tuple[int, ...]], Make]] = {
    "add": ([(4,), (4,), (4,)], lambda L: L.Add()),
    "add ranks": ([(4,), (3, 4)], lambda L: L.Add()),
    "add broadcast": ([(3, 1), (3, 4)], lambda L: L.Add()),
    "subtract": ([(4,), (4,)], lambda L: L.Subtract()),
    "multiply": ([(4,), (4,)], lambda L: L.Multiply()),
    "average": ([(4,), (4,), (4,)], lambda L: L.Average()),
    "maximum": ([(4,), (4,), (4,)], lambda L: L.Maximum()),
    "minimum": ([(4,), (4,)], lambda L: L.Minimum()),
    "concatenate": ([(4,), (3,)], lambda L: L.Concatenate()),
    "concatenate axis": ([(2, 4), (3, 4)], lambda L: L.Concatenate(axis=1)),
    "dot": ([(4,), (4,)], lambda L: L.Dot(axes=1)),
    "dot last": ([(3, 4), (2, 4)], lambda L: L.Dot(axes=-1)),
    "dot axes": ([(3, 4), (4, 2)], lambda L: L.Dot(axes=(2, 1))),
    "dot normalized": ([(3, 4), (4,)], lambda L: L.Dot(axes=(2, 1), normalize=True)),
}
