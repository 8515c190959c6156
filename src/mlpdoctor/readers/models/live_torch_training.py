"""What a loss and an optimizer of torch are in Keras's terms; torch itself is not imported."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from mlpdoctor.core.errors import ModelFileError
from mlpdoctor.core.fast_dataclass import twin
from mlpdoctor.core.network import Layer, LossConfig, Optimizer, Stored
from mlpdoctor.nn.losses.registry import named

Given: TypeAlias = Any
FUNCTIONS: Mapping[str, str] = MappingProxyType(
    {
        "mse_loss": "MSELoss",
        "l1_loss": "L1Loss",
        "binary_cross_entropy": "BCELoss",
        "binary_cross_entropy_with_logits": "BCEWithLogitsLoss",
        "cross_entropy": "CrossEntropyLoss",
        "nll_loss": "NLLLoss",
        "huber_loss": "HuberLoss",
        "smooth_l1_loss": "SmoothL1Loss",
    }
)
"""Functions of torch.nn.functional, by the losses that they compute."""
PLAIN: Mapping[str, str] = MappingProxyType({"MSELoss": "MeanSquaredError", "L1Loss": "MeanAbsoluteError"})
LOSSES = "nn.MSELoss(), nn.L1Loss(), nn.HuberLoss(), nn.BCELoss(), nn.BCEWithLogitsLoss(), nn.CrossEntropyLoss()"
SLOTS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "Adam": {"exp_avg": "momentum", "exp_avg_sq": "velocity"},
        "AdamW": {"exp_avg": "momentum", "exp_avg_sq": "velocity"},
        "NAdam": {"exp_avg": "momentum", "exp_avg_sq": "velocity"},
        "Adamax": {"exp_avg": "momentum", "exp_inf": "norm"},
        "Adagrad": {"sum": "accumulator"},
        "RMSprop": {"square_avg": "velocity"},
        "SGD": {"momentum_buffer": "momentum"},
    }
)
"""What an optimizer keeps for each weight, with Keras's names; other optimizers are none of Keras's."""
NAMES: Mapping[str, str] = MappingProxyType({"NAdam": "Nadam"})


def loss_of(loss: Given, *, log_shares: bool, labels: bool) -> LossConfig | None:
    """The loss in Keras's terms.

    Args:
        loss: a loss of torch, one of its functions, a name as of Keras, or None.
        log_shares: whether the network ends in LogSoftmax.
        labels: whether the targets are numbers of classes.

    Raises:
        ModelFileError: it is none of these, or computes something else.
    """
    if loss is None:
        return None
    if isinstance(loss, str):
        return named(loss)
    kind = FUNCTIONS.get(getattr(loss, "__name__", ""), type(loss).__name__)
    reduction = getattr(loss, "reduction", "mean")
    if getattr(loss, "weight", None) is not None or getattr(loss, "pos_weight", None) is not None:
        raise ModelFileError(f"loss: {kind} has weights of its own; leave them out here and give class_weight=")
    if reduction not in ("mean", "sum"):
        raise ModelFileError(f"loss: {kind}(reduction={reduction!r}) is no single number; expected 'mean'")
    found = _config(kind, loss, log_shares=log_shares, labels=labels)
    return found if reduction == "mean" else LossConfig(found.name, {**found.options, "reduction": "sum"})


def _config(kind: str, loss: Given, *, log_shares: bool, labels: bool) -> LossConfig:
    if kind in PLAIN:
        return LossConfig(PLAIN[kind])
    if kind in ("BCELoss", "BCEWithLogitsLoss"):
        return LossConfig("BinaryCrossentropy", {"from_logits": kind == "BCEWithLogitsLoss"})
    if kind == "NLLLoss" and not log_shares:
        raise ModelFileError(
            "loss: NLLLoss takes the logarithms of shares, so the model must end in nn.LogSoftmax(dim=1); or leave the "
            "softmax out and take nn.CrossEntropyLoss()"
        )
    if kind in ("CrossEntropyLoss", "NLLLoss"):
        smooth = float(getattr(loss, "label_smoothing", 0.0))
        if smooth:
            raise ModelFileError("loss: label_smoothing moves the lowest loss; check with CrossEntropyLoss() alone")
        name = "SparseCategoricalCrossentropy" if labels else "CategoricalCrossentropy"
        return LossConfig(name, {"from_logits": True})
    if kind == "HuberLoss":
        return LossConfig("Huber", {"delta": float(getattr(loss, "delta", 1.0))})
    if kind == "SmoothL1Loss" and float(getattr(loss, "beta", 1.0)) == 1:
        return LossConfig("Huber", {"delta": 1.0})
    raise ModelFileError(f"loss: {kind} was given; expected a name such as 'mse', or one of {LOSSES}")


def optimizer_of(optimizer: Given, owners: Sequence[tuple[Layer, Mapping[str, Given]]]) -> Optimizer | None:
    """The optimizer with its state, in Keras's terms.

    Args:
        optimizer: of torch; None where it was not given.
        owners: the layers that have parameters, each with its own.

    Raises:
        ModelFileError: it is no optimizer of torch, or one that Keras does not have, or of another model.
    """
    if optimizer is None:
        return None
    kind = type(optimizer).__name__
    if kind not in SLOTS or not hasattr(optimizer, "param_groups"):
        raise ModelFileError(f"optimizer: {kind} was given; expected one of torch.optim: {', '.join(SLOTS)}")
    trained = {id(values) for group in optimizer.param_groups for values in group["params"]}
    if not any(id(values) in trained for _, owned in owners for values in owned.values()):
        raise ModelFileError("optimizer: it trains none of the model's parameters; give the one that trained it")
    group = optimizer.param_groups[0]
    rate = float(group["lr"])
    slots: dict[str, dict[str, dict[str, Stored]]] = {}
    steps: list[int] = []
    for layer, owned in owners:
        for name, values in owned.items():
            state = optimizer.state.get(values, {})
            steps += [int(state["step"])] if "step" in state else []
            for own, slot in SLOTS[kind].items():
                if state.get(own) is not None:
                    kept = _slot(kind, state[own], rate)
                    slots.setdefault(layer.name, {}).setdefault(name, {})[slot] = kept.T if name == "kernel" else kept
    return Optimizer(NAMES.get(kind, kind), _options(kind, group), _updates(kind, steps), rate, slots)


def _updates(kind: str, steps: Sequence[int]) -> int | None:
    """Updates made; SGD counts none, and one that has made none keeps nothing."""
    return max(steps) if steps else None if kind == "SGD" else 0


def _slot(kind: str, values: Given, rate: float) -> Stored:
    """As Keras keeps it: its momentum is the last change of the weight, and not the sum of the gradients."""
    found = np.asarray(values.detach().cpu().float().numpy())
    return -rate * found if kind == "SGD" else found


def _options(kind: str, group: Mapping[str, Given]) -> dict[str, Given]:
    options: dict[str, Given] = {"learning_rate": float(group["lr"])}
    if "betas" in group:
        options["beta_1"], options["beta_2"] = map(float, group["betas"])
    for own, name in (("eps", "epsilon"), ("momentum", "momentum"), ("nesterov", "nesterov"), ("alpha", "rho")):
        if own in group:
            options[name] = group[own]
    if group.get("amsgrad"):
        options["amsgrad"] = True
    if _decoupled(kind, group) and group.get("weight_decay"):
        options["weight_decay"] = float(group["weight_decay"])
    return options


def _decoupled(kind: str, group: Mapping[str, Given]) -> bool:
    """Whether ``weight_decay`` shrinks the weights beside the step, and adds nothing to the loss."""
    return kind == "AdamW" or bool(group.get("decoupled_weight_decay"))


def penalised(
    layers: Sequence[tuple[Layer, Mapping[str, Given]]], optimizer: Given
) -> list[tuple[Layer, Mapping[str, Given]]]:
    """The layers with the penalty that ``weight_decay`` adds to the loss: half of it times the sum of squares.

    So do all optimizers of torch but AdamW, and the others with ``decoupled_weight_decay``, which shrink the weights
    beside the step: torch/optim, the line ``grad = grad.add(param, alpha=weight_decay)``.
    """
    groups = getattr(optimizer, "param_groups", ())
    if not groups or _decoupled(type(optimizer).__name__, groups[0]):
        return list(layers)
    decay = float(groups[0].get("weight_decay") or 0.0)
    penalty = {"class_name": "L2", "config": {"l2": decay / 2}}
    return [
        (twin(layer, config={**layer.config, **{f"{name}_regularizer": penalty for name in owned}}), owned)
        if decay and owned
        else (layer, owned)
        for layer, owned in layers
    ]


Owned: TypeAlias = Mapping[str, Any]
"""The parameters of torch that a layer's weights are, by the weights' names in Keras."""


def _arrays(owned: Owned) -> dict[str, Stored]:
    return {name: array_of(values) for name, values in owned.items()}


def array_of(values: Given) -> Stored:
    """A tensor of any device and precision as an array; the tensor is left alone."""
    found = values.detach().cpu()
    return np.asarray((found if found.element_size() > 2 else found.float()).numpy())  # noqa: PLR2004  half precision
