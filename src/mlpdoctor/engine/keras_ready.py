"""Makes a saved model ready to run in float64, and in its own precision where float64 costs too much."""

import math
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array, Key, Layer, Network, Node, Shape
from mlpdoctor.engine.keras_guard import Refused
from mlpdoctor.engine.keras_load import EXACT, Model, copied, exactly, in_float64, load, own_objects
from mlpdoctor.engine.keras_machine import Call, Machine, Seen, Tensor, packed
from mlpdoctor.engine.keras_start import start
from mlpdoctor.engine.tape import Tape
from mlpdoctor.nn.layers.properties import family_of

CALL_COST, STEP_COST = 1 << 14, 1 << 17
"""What it costs to call a layer, or one step of a recurrent one, in multiplications for each row of a small batch."""
STEPS = ("LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional")
"""Layers that take what enters step by step."""


def row_products(network: Network, probe: Seen) -> int:
    """Multiplications that one row takes, about: every kernel once for each place where it is used."""
    total = 0
    for node, call in zip(network.nodes, probe.calls, strict=True):
        size = sum(values.size for values in node.layer.weights.values() if values.ndim > 1)
        places = math.prod(int(side) for side in call.before.shape[1:-1])
        total += size * max(places, _steps(node, call))
    return total


def call_overhead(network: Network, probe: Seen) -> int:
    """The same for what Keras does around them, which in small networks is nearly all."""
    calls = zip(network.nodes, probe.calls, strict=True)
    return sum(CALL_COST + STEP_COST * _steps(node, call) for node, call in calls)


def _steps(node: Node, call: Call) -> int:
    """Steps that a recurrent layer makes one after the other; 0 for others."""
    if node.layer.kind not in STEPS or not call.inputs or len(call.inputs[0].shape) < 3:  # noqa: PLR2004
        return 0
    return int(call.inputs[0].shape[1]) * (2 if node.layer.kind == "Bidirectional" else 1)


PROBE = 2
"""Rows that are run once to see the shapes."""
LENGTHS = (24, 31)
"""For axes of any length: what keeps changing with them is open too."""
HEAVY = 1 << 20
"""Multiplications for a row from which on float32, which is four times as fast, must do: a small network for images."""
SAME = 1e-3
"""Float64 has to answer what float32 answers, but for rounding; else the model is run as it was saved."""


@dataclass(frozen=True, eq=False)
class Run:
    """What TensorFlow keeps of a recorded run."""

    gradients: Any
    seen: Seen
    given: Sequence[Tensor]
    trained: Mapping[Key, Tensor]


class Runner:
    """A model in one precision, with its variables by our names: layer and weight."""

    def __init__(self, machine: Machine, precision: str) -> None:
        """Name the variables."""
        self.machine, self.precision = machine, precision
        self.variables = {
            (name, variable): one for name, layer in machine.layers.items() for variable, one in _named(layer)
        }


class Shared:
    """What all engines of one model share: the model, and the turn to run it.

    Attributes:
        exact: in float64 where that is possible; gradients are always of this one.
        quick: what rows are run through forward: the same, or, where that is a lot of work, float32.
        products: multiplications that one row takes, about, or could be made in the time.
    """

    def __init__(self, exact: Runner, quick: Runner, products: int) -> None:
        """Nobody runs it yet."""
        self.exact, self.quick, self.products = exact, quick, products
        self.keras = exact.machine.keras
        self.turn = threading.RLock()
        self.runs: WeakKeyDictionary[Tape, Run] = WeakKeyDictionary()


def made_ready(network: Network, custom: Mapping[str, Any], live: object = None) -> tuple[Network, Shared]:
    """The network with the shapes and weights that only Keras knows, and the model that runs it.

    Args:
        network: as the reader sees it.
        custom: the user's own classes and functions by name.
        live: the model in memory, of which a copy is run; None for the one in the file.

    Raises:
        InputError: Keras is not installed, or cannot or may not load the model; the message says why.
    """
    if live is None:
        model = load(network.file, custom)
    else:
        custom = {**custom, **own_objects(live)}
        model = copied(live, custom)
    twin = in_float64(model, custom)
    precise = None
    if twin is not None:
        with exactly(EXACT):
            precise = _checked(model, twin, network)
    own = str(model.compute_dtype)
    exact = Runner(_machine(model, network), own) if precise is None else Runner(precise, EXACT)
    complete = _completed(network, exact)
    products = row_products(complete, exact.machine.probe)
    quick = Runner(_machine(model, network), own) if precise is not None and products > HEAVY else exact
    work = products + call_overhead(complete, exact.machine.probe)
    return complete, Shared(exact, quick, work)


def _machine(model: Model, network: Network, length: int = LENGTHS[0]) -> Machine:
    return Machine(model, network, _sample(model, length))


def _checked(model: Model, twin: Model, network: Network) -> Machine | None:
    """The float64 model, ready to run; None where it fails or does not answer as the float32 one does."""
    sample = _sample(model, LENGTHS[0])
    try:
        machine = _machine(twin, network)
    except Refused:
        raise
    except Exception:  # noqa: BLE001  a custom layer may refuse in any way
        return None
    keras = machine.keras
    for own, other in zip(keras.tree.flatten(model(packed(model, sample))), machine.probe.outputs, strict=True):
        one, two = array_of(own), array_of(other)
        scale = max(float(np.abs(one[np.isfinite(one)]).max(initial=0.0)), 1.0)
        if not np.allclose(one, two, rtol=SAME, atol=SAME * scale, equal_nan=True):
            return None
    return machine


def _sample(model: Model, length: int) -> list[Tensor]:
    """A few rows for each input: ordinary numbers, or the first of all ids."""
    keras, rng = start(), np.random.default_rng(0)
    shapes = [[length if side is None else side for side in one.shape[1:]] for one in model.inputs]
    return tensors(model, keras, [np.abs(rng.normal(size=(PROBE, *shape))) for shape in shapes], whole=0.0)


def tensors(model: Model, keras: Any, arrays: Sequence[Array], whole: float = 1.0) -> list[Tensor]:  # noqa: ANN401
    """Arrays in the number type that each input of a model takes."""
    found = []
    for one, values in zip(model.inputs, arrays, strict=True):
        plain = values if "float" in str(one.dtype) else whole * values
        found.append(keras.ops.convert_to_tensor(plain.astype(str(one.dtype))))
    return found


def _completed(network: Network, runner: Runner) -> Network:
    """The network with the weights of layers that only Keras knows, by name, and with every shape."""
    machine = runner.machine
    shapes: list[Shape] = [tuple(int(side) for side in call.after.shape[1:]) for call in machine.probe.calls]
    if any(None in (network.nodes[place].shape or ()) for place in network.inputs):
        with exactly(runner.precision):
            longer = machine.run(_sample(machine.model, LENGTHS[1])).calls
        shapes = [_open(one, call.after.shape[1:]) for one, call in zip(shapes, longer, strict=True)]
    nodes = tuple(
        node if node.shape is not None else Node(node.layer, node.sources, shape)
        for node, shape in zip(network.nodes, shapes, strict=True)
    )

    def complete(layer: Layer) -> Layer:
        if family_of(layer) is not None or layer.name not in machine.layers:
            return layer
        found = {name: array_of(variable.value) for name, variable in _named(machine.layers[layer.name])}
        return replace(layer, weights=found)

    return replace(network, nodes=nodes).with_layers(complete)


def _open(one: Shape, other: Sequence[int]) -> Shape:
    return tuple(a if a == b else None for a, b in zip(one, other, strict=True))


def _named(layer: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401  a Keras layer or operation
    """The weights of a layer by name; those of a layer inside it behind that one's name, ``lstm_cell/kernel``."""
    seen: set[str] = set()
    for variable in (*getattr(layer, "_trainable_variables", ()), *getattr(layer, "_non_trainable_variables", ())):
        name = str(variable.name)
        while name in seen:
            name += "_"
        seen.add(name)
        yield prefix + name, variable
    for number, inner in enumerate(getattr(layer, "_layers", ())):
        yield from _named(inner, f"{prefix}{inner.name if inner.name not in seen else number}/")
        seen.add(inner.name)


def array_of(tensor: Tensor) -> Array:
    """A tensor's numbers, in float64."""
    plain = tensor.detach().cpu() if hasattr(tensor, "detach") else tensor  # of torch
    return np.asarray(plain, dtype=np.float64)
