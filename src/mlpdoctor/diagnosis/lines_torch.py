"""Lines of torch for the remedies of an ``nn.Sequential``."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from mlpdoctor.core.network import Layer, Network
from mlpdoctor.diagnosis.code_parts import Compared, Compiled, Made, Part, Plain, Shifted, spread

ACTIVATIONS: Mapping[str, str] = MappingProxyType(
    {"relu": "ReLU", "tanh": "Tanh", "sigmoid": "Sigmoid", "softmax": "Softmax", "elu": "ELU", "selu": "SELU",
     "gelu": "GELU", "silu": "SiLU", "softplus": "Softplus", "leaky_relu": "LeakyReLU", "log_softmax": "LogSoftmax"}
)  # fmt: skip
LOSSES: Mapping[str, str] = MappingProxyType(
    {
        "meansquarederror": "nn.MSELoss()",
        "meanabsoluteerror": "nn.L1Loss()",
        "binarycrossentropy": "nn.BCELoss()",
        "categoricalcrossentropy": "nn.CrossEntropyLoss()",
        "sparsecategoricalcrossentropy": "nn.CrossEntropyLoss()",
    }
)
"""Of these CrossEntropyLoss holds the softmax, so that the model ends without one."""
INSIDE = "softmax"
STARTS: Mapping[str, str] = MappingProxyType(
    {
        "glorot_uniform": "nn.init.xavier_uniform_({w})",
        "glorot_normal": "nn.init.xavier_normal_({w})",
        "he_uniform": 'nn.init.kaiming_uniform_({w}, nonlinearity="relu")',
        "he_normal": 'nn.init.kaiming_normal_({w}, nonlinearity="relu")',
    }
)


def torch_line(part: Part, network: Network) -> str | None:
    """A part of a remedy in torch; None where there is no such line."""
    if isinstance(part, Plain):
        return part.code
    if isinstance(part, Compared):
        return _loss(part, network)
    if isinstance(part, Shifted):
        return f"nn.init.constant_({part.layer}.bias, {part.values[1:-1]})" if "," not in part.values else None
    if isinstance(part, Compiled):
        decay = "" if "weight_decay" not in part.options else f", weight_decay={part.options['weight_decay']}"
        line = f"torch.optim.{part.optimizer}(model.parameters(), lr={part.rate}{decay})"
        limit = part.options.get("clipnorm")
        clip = f"; nn.utils.clip_grad_norm_(model.parameters(), {limit})  # before each optimizer.step()"
        return line + (clip if limit else "")
    if isinstance(part, Made):
        return _made(part, network)
    return None


def _loss(part: Compared, network: Network) -> str | None:
    logits = part.options.get("from_logits")
    if part.name == "binarycrossentropy" and logits == "True":
        return "nn.BCEWithLogitsLoss()"
    if part.name == "huber" and "delta" in part.options:
        return f"nn.HuberLoss(delta={part.options['delta']})"
    if part.name.endswith("categoricalcrossentropy") and logits == "False":
        ends = network.nodes[-1].layer
        return (
            f"nn.Linear(..., {ends.config.get('units')})  # without nn.Softmax() behind it: nn.CrossEntropyLoss has it"
        )
    return LOSSES.get(part.name)


def _made(part: Made, network: Network) -> str | None:
    if part.kind == "BatchNormalization" and "name" not in part.options:
        return "nn.BatchNorm1d(...)"
    if part.kind == "LayerNormalization":
        return "nn.LayerNorm(...)"
    if part.kind == "Rescaling" and part.first is not None:
        return f"x = x * ({part.first})"
    if part.kind == "Normalization":
        if part.option("mean") is not None:
            mean, variance = part.options["mean"], part.options["variance"]
            return f"x = (x - torch.tensor({mean})) / torch.tensor({variance}).sqrt()"
        return "x = (x - x_train.mean(dim=0)) / x_train.std(dim=0)"
    if part.kind == "Activation":
        return None if part.first is None or part.first not in ACTIVATIONS else _activated(part.first)
    if part.kind == "LeakyReLU":
        return "nn.LeakyReLU()"
    layer = next((one for one in network.layers if one.short_name == part.option("name")), None)
    if part.kind != "Dense" or layer is None or "kernel" not in layer.weights:
        return None
    return (
        ", ".join(_dense(part, layer)) if part.option("kernel_initializer") is None else "; ".join(_drawn(part, layer))
    )


def _activated(name: str) -> str:
    return f"nn.{ACTIVATIONS[name]}({'dim=1' if 'softmax' in name else ''})"


def _dense(part: Made, layer: Layer) -> Iterator[str]:
    """The layer with another width or another activation."""
    activation = part.option("activation")
    own = layer.config.get("activation")
    line = f"nn.Linear({layer.weights['kernel'].shape[0]}, {part.first})"
    if activation is not None and activation in ACTIVATIONS and activation != INSIDE:
        yield line
        yield _activated(activation)
    elif own in ACTIVATIONS:
        yield f"{line}  # without {_activated(str(own))} behind it"
    else:
        yield line


def _drawn(part: Made, layer: Layer) -> Iterator[str]:
    """Fresh weights, for a layer of another width or with another activation where the remedy says so."""
    name, units = part.option("name"), layer.weights["kernel"].shape[1]
    activation = part.option("activation")
    if part.first not in (str(units), "units", None) or (
        activation in ACTIVATIONS and activation != layer.config["activation"]
    ):
        yield f"{name}: {', '.join(_dense(part, layer))}"
    start = STARTS.get(part.options["kernel_initializer"])
    if start is not None:
        yield start.format(w=f"{name}.weight")
    if part.option("bias_initializer") in ("normal", "random_normal"):
        yield f"nn.init.normal_({name}.bias, std=0.05)"
    elif (ends := spread(part)) is not None:
        yield f"nn.init.uniform_({name}.bias, {ends[0]}, {ends[1]})"
