"""Perceptrons of PyTorch and scikit-learn, their export to ONNX, and what onnxruntime answers.

None of these libraries is needed to import this module.
"""

import io
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

ROWS = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)


def torch_models() -> Mapping[str, Any]:
    """Perceptrons as PyTorch users write them."""
    import torch
    from torch import nn

    torch.manual_seed(0)

    class Residual(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b, self.c = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(8, 1)
            self.register_buffer("mean", torch.tensor([1.0, 2.0, 3.0, 4.0]))

        def forward(self, x: Any) -> Any:  # noqa: ANN401
            x = (x - self.mean) / 2
            h = torch.relu(self.a(x)) + x
            return torch.sigmoid(self.c(torch.cat([h, torch.tanh(self.b(h))], 1))).squeeze(-1)

    def between(layer: Any) -> Any:  # noqa: ANN401
        return nn.Sequential(nn.Linear(4, 6), layer, nn.Linear(6, 3), nn.Softmax(dim=1))

    activations = {
        "relu": nn.ReLU(), "leaky": nn.LeakyReLU(), "elu": nn.ELU(0.5), "selu": nn.SELU(), "gelu": nn.GELU(),
        "silu": nn.SiLU(), "mish": nn.Mish(), "softplus": nn.Softplus(), "softsign": nn.Softsign(), "relu6": nn.ReLU6(),
        "hardtanh": nn.Hardtanh(), "hardswish": nn.Hardswish(), "hardsigmoid": nn.Hardsigmoid(), "celu": nn.CELU(),
        "logsigmoid": nn.LogSigmoid(), "tanhshrink": nn.Tanhshrink(), "softshrink": nn.Softshrink(),
        "prelu": nn.PReLU(), "norm": nn.LayerNorm(6), "batch": nn.BatchNorm1d(6),
    }  # fmt: skip
    return MappingProxyType(
        {
            "linear": nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 1)),
            "residual": Residual(),
            "flat": nn.Sequential(nn.Flatten(), nn.Linear(4, 8, bias=False), nn.ReLU(), nn.Linear(8, 2)),
            **{name: between(layer) for name, layer in activations.items()},
        }
    )


IDS = (np.array([3, 0, 2, 2, 1]), np.array([1, 4, 0, 3, 3]))
"""A user and an item a row, each of one axis, as an Embedding of PyTorch takes them."""


def recommenders() -> Mapping[str, Any]:
    """Models of a user and an item as PyTorch users write them: a perceptron, and the product of two rows."""
    import torch
    from torch import nn

    torch.manual_seed(0)

    class Deep(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.user, self.item = nn.Embedding(4, 3), nn.Embedding(5, 2)
            self.body = nn.Sequential(nn.Linear(5, 6), nn.ReLU(), nn.Linear(6, 1))

        def forward(self, user: Any, item: Any) -> Any:  # noqa: ANN401
            return self.body(torch.cat([self.user(user), self.item(item)], 1)).squeeze(1)

    class Product(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.user, self.item, self.offset = nn.Embedding(4, 3), nn.Embedding(5, 3), nn.Embedding(5, 1)

        def forward(self, user: Any, item: Any) -> Any:  # noqa: ANN401
            return (self.user(user) * self.item(item)).sum(1) + self.offset(item).squeeze(-1)

    return MappingProxyType({"deep": Deep(), "product": Product()})


def exported_ids(model: Any, *, new: bool) -> bytes:  # noqa: ANN401
    """Such a model as ONNX."""
    import torch

    content: Any = io.BytesIO()
    given = tuple(torch.tensor(one) for one in IDS)
    names: dict[str, Any] = {"input_names": ["user", "item"]}
    if new:
        rows = torch.export.Dim("rows")
        shapes = ({0: rows}, {0: rows})
        program = torch.onnx.export(model.eval(), given, dynamo=True, verbose=False, dynamic_shapes=shapes, **names)
        assert program is not None
        return bytes(program.model_proto.SerializeToString())
    axes = {"user": {0: "rows"}, "item": {0: "rows"}}
    torch.onnx.export(model.eval(), given, content, dynamo=False, dynamic_axes=axes, **names)
    return bytes(content.getvalue())


def computed_of_ids(content: bytes) -> Any:  # noqa: ANN401
    """What onnxruntime answers to ``IDS``."""
    import onnxruntime

    return onnxruntime.InferenceSession(content).run(None, dict(zip(("user", "item"), IDS, strict=True)))[-1]


def exported(model: Any, *, new: bool) -> bytes:  # noqa: ANN401
    """A PyTorch model as ONNX, by the new exporter or by the old one."""
    import torch

    content: Any = io.BytesIO()
    x = torch.tensor(ROWS)
    if new:
        rows = torch.export.Dim("rows")
        program = torch.onnx.export(model.eval(), (x,), dynamo=True, verbose=False, dynamic_shapes=({0: rows},))
        assert program is not None
        return bytes(program.model_proto.SerializeToString())
    names: dict[str, Any] = {"input_names": ["x"], "dynamic_axes": {"x": {0: "rows"}}}
    torch.onnx.export(model.eval(), (x,), content, dynamo=False, **names)
    return bytes(content.getvalue())


def computed(content: bytes) -> Any:  # noqa: ANN401
    """What onnxruntime answers to ``ROWS``."""
    import onnxruntime

    session = onnxruntime.InferenceSession(content)
    found = session.run(None, {session.get_inputs()[0].name: ROWS})[-1]
    return np.array([list(row.values()) for row in found]) if isinstance(found, list) else found


def sklearn_models() -> Mapping[str, Any]:
    """Perceptrons as scikit-learn trains them, fitted."""
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x = np.random.default_rng(1).normal(size=(60, 4)).astype(np.float32)
    y = (x[:, 0] > 0).astype(int) + (x[:, 1] > 0)
    options: dict[str, Any] = {"hidden_layer_sizes": (5,), "solver": "lbfgs", "random_state": 0}
    return MappingProxyType(
        {
            "pipeline": make_pipeline(StandardScaler(), MLPRegressor(activation="tanh", **options)).fit(
                x, x[:, 0] ** 2
            ),
            "classifier": MLPClassifier(**options).fit(x, y),
        }
    )
