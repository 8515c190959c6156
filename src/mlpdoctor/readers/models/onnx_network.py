"""Reads a perceptron out of an ONNX file, as PyTorch, scikit-learn and others export one, into a Network."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeGuard

import numpy as np

from mlpdoctor.core.errors import ModelFileError
from mlpdoctor.core.network import Layer, Network, Node, Shape
from mlpdoctor.readers.models.keras_hdf5 import Budget
from mlpdoctor.readers.models.onnx_builder import MATRIX, Builder, Given, Tensor, unknown
from mlpdoctor.readers.models.onnx_constants import FOLDED
from mlpdoctor.readers.models.onnx_functions import ELEMENTWISE
from mlpdoctor.readers.models.onnx_messages import OnnxGraph, OnnxNode, read_messages
from mlpdoctor.readers.models.onnx_operations import OPERATIONS

SAME = frozenset({"Identity", "Cast", "CastLike", "Dropout", "ZipMap"})
"""Operations that hand on what they get, as far as inference goes; ZipMap names the columns for scikit-learn."""
FROM_BARE = frozenset({"Gather", "Unsqueeze", "Reshape", "Shape"})
"""What may be done to an input of one number a row: it picks rows of a table, or it becomes a column."""


def read_onnx(path: str, budget: Budget) -> Network:
    """The network in an ``.onnx`` file.

    Args:
        path: of the file.
        budget: bytes that may be read.

    Raises:
        ModelFileError: it is damaged, too large, or holds operations that no perceptron needs.
    """
    budget.take(budget.stored, "the file")
    graph = read_messages(Path(path).read_bytes(), Budget(budget.allowed, budget.stored))
    builder, values = Builder(), dict[str, Given]({**graph.arrays, "": np.zeros(0)})
    for name, shape in graph.inputs.items():
        values[name] = _entry(builder, name, shape)
    unread = _followed(builder, graph, values)
    # A classifier gives the class beside the probabilities; the probabilities are the model.
    names = [name for name in graph.outputs if isinstance(values.get(name), Tensor)]
    if not names:
        raise next(iter(unread.values()), ModelFileError("this ONNX file has no output that depends on its input"))
    outputs = tuple(builder.settle(values[name], "output") for name in names)
    nodes, places = _tidied(builder.nodes, outputs)
    return Network(
        name="onnx",
        nodes=tuple(nodes),
        inputs=tuple(place for place, node in enumerate(nodes) if node.layer.kind == "InputLayer"),
        outputs=tuple(places[place] for place in outputs),
        output_names=tuple(names),
        losses=(None,) * len(outputs),
        loss_weights=(1.0,) * len(outputs),
        optimizer=None,
        file=path,
        format=f"ONNX model of {graph.producer or 'an unnamed program'}",
        metrics=((),) * len(outputs),
    )


def _entry(builder: Builder, name: str, shape: Shape | None) -> Tensor:
    told = "no shape" if shape is None else f"the shape {shape}"
    refused = (
        f"the input '{name}' of this ONNX file has {told}; expected rows and columns: export it with an x of two "
        "axes, torch.onnx.export(model, x, 'model.onnx', external_data=False)"
    )
    if not shape:
        raise ModelFileError(refused)
    if len(shape) < MATRIX:
        builder.bare[len(builder.nodes)] = refused
        shape = (*shape, 1)
    return builder.add("InputLayer", name.replace("/", "_"), {"batch_shape": (None, *shape[1:])}, (), shape[1:])


def _followed(builder: Builder, graph: OnnxGraph, values: dict[str, Given]) -> Mapping[str, ModelFileError]:
    """Give every name its value; those that depend on what is not read, with the reason."""
    unread: dict[str, ModelFileError] = {}
    for node in graph.nodes:
        lost = next((unread[name] for name in node.inputs if name in unread), None)
        try:
            if lost is not None:
                raise lost
            values[node.outputs[0]] = _value(builder, node, [values[name] for name in node.inputs])
        except ModelFileError as fault:
            unread |= dict.fromkeys(node.outputs, fault)
        except (ValueError, IndexError, TypeError, KeyError, OverflowError) as fault:
            raise ModelFileError(
                f"the ONNX operation {node.operator} '{node.name}' does not fit what enters it ({fault}); "
                "export the model again"
            ) from fault
    return unread


def _value(builder: Builder, node: OnnxNode, given: list[Given]) -> Given:
    if node.operator in SAME:
        return given[0]
    bare = next((builder.bare[one.position] for one in given if _is_bare(one, builder)), None)
    if bare is not None and node.operator not in FROM_BARE:
        raise ModelFileError(bare)
    constants = [one for one in given if not isinstance(one, Tensor)]
    if node.operator in FOLDED and len(constants) == len(given):
        return FOLDED[node.operator](node, constants)
    if node.operator == "Shape" and isinstance(given[0], Tensor):
        lengths = () if _is_bare(given[0], builder) else builder.shape(given[0])
        return np.array([0, *(length or 0 for length in lengths)])
    if node.operator in ELEMENTWISE:
        return builder.elementwise(node, given)
    if node.operator in OPERATIONS:
        return OPERATIONS[node.operator](builder, node, given)
    raise unknown(node)


def _is_bare(given: Given, builder: Builder) -> TypeGuard[Tensor]:
    """Whether this is an input of one axis, as it entered."""
    return isinstance(given, Tensor) and given.position in builder.bare


def _tidied(nodes: list[Node], outputs: tuple[int, ...]) -> tuple[list[Node], dict[int, int]]:
    """The layers that lead to an output, a bias and an activation in the Dense layer that they belong to.

    Returns:
        The nodes, and where each of the old ones went.
    """
    needed = set(outputs)
    for place in range(len(nodes) - 1, -1, -1):
        if place in needed:
            needed.update(nodes[place].sources)
    users = {place: [user for user in needed if place in nodes[user].sources] for place in needed}
    kept: list[Node] = []
    places: dict[int, int] = {}
    for place in sorted(needed | {place for place, node in enumerate(nodes) if node.layer.kind == "InputLayer"}):
        node = nodes[place]
        source = node.sources[0] if len(node.sources) == 1 else None
        if source is not None and len(users[source]) == 1 and source not in outputs:
            joined = _joined(kept[places[source]].layer, node.layer)
            if joined is not None:
                places[place] = places[source]
                kept[places[source]] = Node(joined, kept[places[source]].sources, node.shape)
                continue
        places[place] = len(kept)
        kept.append(Node(node.layer, tuple(places[one] for one in node.sources), node.shape))
    return kept, places


def _joined(before: Layer, after: Layer) -> Layer | None:
    """Two layers as the one that Keras would have; None where they stay two."""
    if after.kind == "Rescaling" and before.kind == "Rescaling":
        scale = np.asarray(after.config["scale"])
        config = {"scale": before.config["scale"] * scale, "offset": before.config["offset"] * scale}
        config["offset"] = config["offset"] + np.asarray(after.config["offset"])
        return Layer(before.name, "Rescaling", {"name": before.name, **{k: v.tolist() for k, v in config.items()}})
    if before.kind != "Dense" or before.config["activation"] != "linear":
        return None
    if after.kind == "Activation":
        return Layer(before.name, "Dense", {**before.config, "activation": after.config["activation"]}, before.weights)
    plain = (
        after.kind == "Rescaling" and "bias" not in before.weights and np.all(np.asarray(after.config["scale"]) == 1)
    )
    if plain:
        dtype = before.weights["kernel"].dtype
        bias = np.broadcast_to(np.asarray(after.config["offset"]), before.config["units"]).astype(dtype)
        return Layer(before.name, "Dense", {**before.config, "use_bias": True}, {**before.weights, "bias": bias})
    return None
