"""Questions that several treatments ask of a model: which layers learn, what follows them, what an output owns."""

from collections.abc import Iterator

from mlpdoctor.core.finding import Finding, Number
from mlpdoctor.core.network import Layer, Network
from mlpdoctor.nn.heads import output_heads
from mlpdoctor.nn.layers.family import LINEAR, Activation
from mlpdoctor.nn.layers.graph import adjustable, parameters, users
from mlpdoctor.nn.layers.properties import activation_of, is_learned
from mlpdoctor.nn.optimizers.rate import rate_now
from mlpdoctor.nn.optimizers.traits import normalises_gradient
from mlpdoctor.treat.editing.edits import Json
from mlpdoctor.treat.editing.keras_lines import call

SANE = frozenset(
    {
        "GlorotUniform", "GlorotNormal", "HeUniform", "HeNormal", "LecunUniform", "LecunNormal", "VarianceScaling",
        "Orthogonal", "OrthogonalInitializer", "glorot_uniform", "glorot_normal", "he_uniform", "he_normal",
        "lecun_uniform", "lecun_normal", "orthogonal", "variance_scaling",
    }
)  # fmt: skip
"""Initializers that look at the number of inputs; VarianceScaling and Orthogonal with the factor they come with."""
HOLDS_MOMENTS = ("Normalization",)


def learned(network: Network) -> tuple[Layer, ...]:
    """Trainable layers with a kernel, in order."""
    return tuple(
        layer for layer in network.layers if is_learned(layer) and layer.trainable and "kernel" in layer.weights
    )


def drawable(network: Network) -> tuple[Layer, ...]:
    """All layers that training changes, whose weights can be re-initialised."""
    return tuple(
        layer
        for layer in network.layers
        if layer.trainable and layer.kind not in HOLDS_MOMENTS and adjustable(layer) and layer.registered is None
    )


def at_outputs(network: Network) -> tuple[Layer, ...]:
    """The layers that make the model's answers."""
    return tuple(head.layer for head in output_heads(network, None))


def hidden(network: Network) -> tuple[Layer, ...]:
    """Trainable Dense layers whose units are nobody's answer, in order."""
    last = {id(layer) for layer in _behind_outputs(network)}
    return tuple(layer for layer in learned(network) if layer.kind == "Dense" and id(layer) not in last)


def _behind_outputs(network: Network) -> Iterator[Layer]:
    """The last learned layer before each output."""
    todo = list(network.outputs)
    while todo:
        node = network.nodes[todo.pop()]
        yield node.layer
        if not is_learned(node.layer):
            todo += node.sources


def follows(network: Network, layer: Layer) -> Activation:
    """The first function on a layer's sums that is no straight line; the straight line up to another kernel."""
    following = users(network)
    todo = [position for position, node in enumerate(network.nodes) if node.layer is layer]
    seen: set[int] = set()
    while todo:
        here = todo.pop()
        node = network.nodes[here]
        if here in seen or (is_learned(node.layer) and node.layer is not layer):
            continue
        seen.add(here)
        function = activation_of(node.layer)
        if function is not None and not function.affine:
            return function
        todo += following[here]
    return LINEAR


def fitting_initializer(network: Network, layer: Layer) -> str:
    """He's for relu and its kin, Glorot's for all else."""
    return "he_uniform" if follows(network, layer).rectified else "glorot_uniform"


def sane_initializer(layer: Layer) -> bool:
    """Whether the layer's own initializer looks at the number of inputs."""
    spec = layer.config.get("kernel_initializer")
    if isinstance(spec, dict):
        inner = spec.get("config")
        usual = not isinstance(inner, dict) or (inner.get("scale", 1.0) in (1.0, 2.0) and inner.get("gain", 1.0) == 1.0)
        return usual and str(spec.get("class_name")) in SANE
    return spec is None or str(spec) in SANE


def rate(network: Network) -> float | None:
    """The learning rate of the next update; None where it is not told."""
    return None if network.optimizer is None else rate_now(network.optimizer)


def adaptive(network: Network) -> bool:
    """Whether the optimizer divides each gradient by its size."""
    return network.optimizer is None or normalises_gradient(network.optimizer)


def size(network: Network) -> int:
    """How many numbers training can change."""
    return parameters(network.layers)


def own(name: str) -> str:
    """A layer's name without those of the models around it, as code calls it."""
    return name.rpartition("/")[2]


def line(layer: Layer, **changes: Json) -> str:
    """The line of code that makes a layer, with some options changed."""
    return call(layer.kind, {**layer.config, **changes}, {"name": layer.short_name})


def told_layers(finding: Finding | None, *keys: str) -> tuple[str, ...]:
    """The layers that a finding names: its own, and those under some names of its evidence."""
    if finding is None:
        return ()
    found = [] if finding.layer is None else [finding.layer]
    for key in keys:
        value = finding.evidence.numbers.get(key)
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, tuple):
            found += [name for name in value if isinstance(name, str)]
    return tuple(dict.fromkeys(found))


def told_number(finding: Finding | None, key: str) -> float | None:
    """A number of a finding's evidence, also one that was written for reading: ``1e-04``."""
    value: Number = None if finding is None else finding.evidence.numbers.get(key)
    if isinstance(value, str):
        try:
            return float(value.replace(",", ""))
        except ValueError:
            return None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
