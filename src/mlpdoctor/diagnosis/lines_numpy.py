"""Lines of NumPy for the remedies of a hand-written network, with the names of its arrays."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from mlpdoctor.core.network import Layer, Network
from mlpdoctor.diagnosis.code_parts import Compared, Compiled, Made, Part, Plain, Shifted, spread
from mlpdoctor.readers.models.weight_arrays import ARRAYS

ACTIVATIONS: Mapping[str, str] = MappingProxyType(
    {
        "linear": "{z}",
        "tanh": "np.tanh({z})",
        "relu": "np.maximum(0, {z})",
        "sigmoid": "1 / (1 + np.exp(-({z})))",
        "softmax": "np.exp({z}); {a} /= {a}.sum(axis=1, keepdims=True)",
    }
)
LOSSES: Mapping[str, str] = MappingProxyType(
    {
        "meansquarederror": "np.mean(({a} - y) ** 2)",
        "meanabsoluteerror": "np.mean(np.abs({a} - y))",
        "binarycrossentropy": "-np.mean(y * np.log({a}) + (1 - y) * np.log(1 - {a}))",
        "categoricalcrossentropy": "-np.mean(np.sum(y * np.log({a}), axis=1))",
        "sparsecategoricalcrossentropy": "-np.mean(np.log({a}[np.arange(len(y)), y]))",
    }
)
HE = "he_"
"""How the initialisers for rectified units begin, which double the variance."""


def numpy_line(part: Part, network: Network) -> str | None:
    """A part of a remedy in NumPy; None where there is no such line."""
    if isinstance(part, Plain):
        return part.code
    if isinstance(part, Compiled):
        return _optimizer(part, network)
    layers = [layer for layer in network.layers if ARRAYS in layer.config]
    if isinstance(part, Compared):
        line = LOSSES.get(part.name)
        logits = part.options.get("from_logits") == "True"
        return None if line is None or logits else f"loss = {line.format(a=f'a{len(layers)}')}"
    if isinstance(part, Shifted):
        layer = next((one for one in layers if one.short_name == part.layer), None)
        bias = None if layer is None else layer.config[ARRAYS][1]
        return None if bias is None else f"{bias}[...] = {part.values}"
    if isinstance(part, Made):
        return _made(part, layers)
    return None


def _optimizer(part: Compiled, network: Network) -> str | None:
    own = network.optimizer
    if part.rate is None or own is None or own.name != part.optimizer:
        return None
    limit = part.options.get("clipnorm")
    return f"learning_rate = {part.rate}" + (f"  # and scale a longer gradient down to length {limit}" if limit else "")


def _made(part: Made, layers: list[Layer]) -> str | None:
    if part.kind == "Rescaling" and part.first is not None:
        return f"x = x * ({part.first})"
    if part.kind == "Normalization":
        if part.option("mean") is not None:
            return f"x = (x - np.array({part.options['mean']})) / np.sqrt({part.options['variance']})"
        return "x = (x - x_train.mean(axis=0)) / x_train.std(axis=0)"
    place = next((at for at, one in enumerate(layers) if one.short_name == part.option("name")), None)
    if part.kind != "Dense" or place is None:
        return None
    lines = [*_dense(part, layers[place], place), *_next(part, layers[place : place + 2])]
    return "; ".join(lines) or None


def _next(part: Made, layers: list[Layer]) -> Iterator[str]:
    """The array behind a layer that gets another width has a row for each of its units."""
    leaving = layers[0].weights["kernel"].shape[1]
    units = int(part.first) if part.first is not None and part.first.isdigit() else leaving
    if units != leaving and len(layers) > 1:
        kernel, out = layers[1].config[ARRAYS][0], layers[1].weights["kernel"].shape[1]
        shape = (out, units) if layers[1].config["transposed"] else (units, out)
        yield f"{kernel} = rng.normal(0, np.sqrt(1 / {units}), {shape})"


def _dense(part: Made, layer: Layer, place: int) -> Iterator[str]:
    """Fresh arrays where they are asked for or get another shape; the activation where it is another one."""
    kernel, bias = layer.config[ARRAYS]
    entering, leaving = layer.weights["kernel"].shape
    units = int(part.first) if part.first is not None and part.first.isdigit() else leaving
    start = part.option("kernel_initializer")
    if start is not None or units != leaving:
        variance = "2" if (start or "").startswith(HE) else "1"
        shape = (units, entering) if layer.config["transposed"] else (entering, units)
        yield f"{kernel} = rng.normal(0, np.sqrt({variance} / {entering}), {shape})"
        if bias is not None and part.option("bias_initializer") in ("normal", "random_normal"):
            yield f"{bias} = rng.normal(0, 0.05, {units})"
        elif bias is not None and (ends := spread(part)) is not None:
            yield f"{bias} = rng.uniform({ends[0]}, {ends[1]}, {units})"
        elif bias is not None and units != leaving:
            yield f"{bias} = np.zeros({units})"
    activation = part.option("activation") or "linear"
    if activation != layer.config["activation"]:
        before = "x" if place == 0 else f"a{place}"
        z = f"{before} @ {kernel}{'.T' if layer.config['transposed'] else ''}" + ("" if bias is None else f" + {bias}")
        a = f"a{place + 1}"
        yield f"{a} = {ACTIVATIONS.get(activation, activation + '({z})').format(z=z, a=a)}"
