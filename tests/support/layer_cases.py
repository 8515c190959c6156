"""Every layer family of Keras's in all its options, with the shapes of its inputs."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

L = keras.layers
RNG = np.random.default_rng(7)


def adapted() -> Any:  # noqa: ANN401
    layer = L.Normalization()
    layer.adapt(RNG.normal(3, 2, (50, 6)))
    return layer


def adapted_as_one() -> Any:  # noqa: ANN401
    layer = L.Normalization(axis=None)
    layer.adapt(RNG.normal(3, 2, (50, 6)))
    return layer


SINGLE: dict[str, tuple[tuple[int, ...], Callable[[], Any]]] = {
    "dense": ((6,), lambda: L.Dense(3, activation="tanh")),
    "dense no bias": ((6,), lambda: L.Dense(3, use_bias=False)),
    "dense on rank 4": ((2, 3, 4), lambda: L.Dense(3, activation="softmax")),
    "dense glu": ((6,), lambda: L.Dense(4, activation="glu")),
    "dense layer activation": ((6,), lambda: L.Dense(4, activation=L.LeakyReLU(negative_slope=0.05))),
    "dense elu layer": ((6,), lambda: L.Dense(4, activation=L.ELU(alpha=0.3))),
    "activation": ((6,), lambda: L.Activation("gelu")),
    "activation glu": ((6,), lambda: L.Activation("glu")),
    "relu": ((6,), lambda: L.ReLU(max_value=1.0, negative_slope=0.1, threshold=0.2)),
    "leaky": ((6,), lambda: L.LeakyReLU(negative_slope=0.07)),
    "prelu": ((6,), L.PReLU),
    "prelu shared": ((3, 2), lambda: L.PReLU(shared_axes=[1])),
    "elu": ((6,), lambda: L.ELU(alpha=0.5)),
    "softmax": ((6,), L.Softmax),
    "softmax axis": ((3, 2), lambda: L.Softmax(axis=1)),
    "softmax axes": ((3, 2), lambda: L.Softmax(axis=(1, 2))),
    "dropout": ((6,), lambda: L.Dropout(0.5)),
    "spatial dropout 1": ((3, 2), lambda: L.SpatialDropout1D(0.5)),
    "spatial dropout 2": ((3, 2, 2), lambda: L.SpatialDropout2D(0.5)),
    "spatial dropout 3": ((3, 2, 2, 2), lambda: L.SpatialDropout3D(0.5)),
    "alpha dropout": ((6,), lambda: L.AlphaDropout(0.5)),
    "gaussian dropout": ((6,), lambda: L.GaussianDropout(0.5)),
    "gaussian noise": ((6,), lambda: L.GaussianNoise(0.5)),
    "activity regularization": ((6,), lambda: L.ActivityRegularization(l1=0.1)),
    "identity": ((6,), L.Identity),
    "batch normalization": ((6,), L.BatchNormalization),
    "batch normalization bare": ((6,), lambda: L.BatchNormalization(center=False, scale=False)),
    "batch normalization axis": ((3, 2), lambda: L.BatchNormalization(axis=1, epsilon=0.1)),
    "layer normalization": ((6,), L.LayerNormalization),
    "layer normalization axes": ((3, 2), lambda: L.LayerNormalization(axis=[1, 2])),
    "layer normalization first axis": ((3, 2), lambda: L.LayerNormalization(axis=1, center=False)),
    "layer normalization bare": ((6,), lambda: L.LayerNormalization(center=False, scale=False)),
    "layer normalization rms": ((6,), lambda: L.LayerNormalization(rms_scaling=True)),
    "unit normalization": ((6,), L.UnitNormalization),
    "unit normalization axes": ((3, 2), lambda: L.UnitNormalization(axis=[1, 2])),
    "normalization": ((6,), adapted),
    "normalization axis none": ((6,), adapted_as_one),
    "normalization given": ((2,), lambda: L.Normalization(mean=[1.0, 2.0], variance=[4.0, 0.5])),
    "normalization scalar": ((6,), lambda: L.Normalization(mean=1.5, variance=0.25)),
    "normalization inverted": ((6,), lambda: L.Normalization(mean=1.5, variance=0.25, invert=True)),
    "normalization none": ((6,), lambda: L.Normalization(axis=None, mean=1.5, variance=4.0)),
    "rescaling": ((6,), lambda: L.Rescaling(0.5, offset=-1.0)),
    "rescaling lists": ((2,), lambda: L.Rescaling([0.5, 2.0], offset=[1.0, -1.0])),
    "flatten": ((3, 2), L.Flatten),
    "flatten channels first": ((3, 2, 2), lambda: L.Flatten(data_format="channels_first")),
    "reshape": ((6,), lambda: L.Reshape((3, 2))),
    "reshape open": ((6,), lambda: L.Reshape((-1, 2))),
    "permute": ((3, 2), lambda: L.Permute((2, 1))),
    "repeat": ((6,), lambda: L.RepeatVector(3)),
}
SEVERAL: dict[str, tuple[list[tuple[int, ...]], Callable[[], Any]]] = {
    "add": ([(4,), (4,), (4,)], L.Add),
    "add ranks": ([(4,), (3, 4)], L.Add),
    "add broadcast": ([(3, 1), (3, 4)], L.Add),
    "subtract": ([(4,), (4,)], L.Subtract),
    "multiply": ([(4,), (4,)], L.Multiply),
    "average": ([(4,), (4,), (4,)], L.Average),
    "maximum": ([(4,), (4,), (4,)], L.Maximum),
    "minimum": ([(4,), (4,)], L.Minimum),
    "concatenate": ([(4,), (3,)], L.Concatenate),
    "concatenate axis": ([(2, 4), (3, 4)], lambda: L.Concatenate(axis=1)),
    "dot": ([(4,), (4,)], lambda: L.Dot(axes=1)),
    "dot last": ([(3, 4), (2, 4)], lambda: L.Dot(axes=-1)),
    "dot axes": ([(3, 4), (4, 2)], lambda: L.Dot(axes=(2, 1))),
    "dot normalized": ([(3, 4), (4,)], lambda: L.Dot(axes=(2, 1), normalize=True)),
}
