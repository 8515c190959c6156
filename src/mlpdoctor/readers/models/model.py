"""Reads a saved Keras model of any kind into a Network, without Keras and without running anything in it."""

from dataclasses import replace
from pathlib import Path

from mlpdoctor.core.address import protocol_of
from mlpdoctor.core.errors import ModelFileError
from mlpdoctor.core.network import Layer, Network, Optimizer, row_width
from mlpdoctor.nn.layers.family import Variable
from mlpdoctor.nn.losses.registry import kind_of
from mlpdoctor.nn.saved_options import fault, layer_fault
from mlpdoctor.readers.bounded_stream import reason
from mlpdoctor.readers.models.foreign import HEAD, SAVE, described, described_folder, is_architecture, is_onnx
from mlpdoctor.readers.models.keras_calls import Blueprint
from mlpdoctor.readers.models.keras_config import parse_model
from mlpdoctor.readers.models.keras_contents import Expected, Source
from mlpdoctor.readers.models.keras_graph import Graph, unfold
from mlpdoctor.readers.models.keras_hdf5 import Budget
from mlpdoctor.readers.models.keras_training import loss_weights, losses, metrics, optimizer, optimizer_name

MAX_BYTES = 4 << 30
MOST_NUMBERS = 1 << 28
"""Numbers of a layer for one row: 64 maps of 2048 x 2048 pixels."""
ZIP_MAGIC, HDF5_MAGIC = b"PK", b"\x89HDF\r\n\x1a\n"
NEITHER = f"neither a .keras archive nor an HDF5 file; expected a model saved with {SAVE}"


def read_network(path: str, architecture: str | None = None, *, max_bytes: int = MAX_BYTES) -> Network:
    """The network saved in a file, whatever its suffix.

    Args:
        path: a .keras archive (Keras 3, or 2.12 to 2.15), a legacy HDF5 model (Keras 2, Keras 3, R keras), an ONNX file
            of a perceptron, or an architecture in JSON, as ``model.to_json()`` writes it, whose layers have no weights.
        architecture: such JSON, or a saved Keras model, of which ``path`` holds the weights alone.
        max_bytes: weights and configuration may not be larger in memory.

    Raises:
        ModelFileError: one line on what is wrong with the file and how to fix it.
    """
    try:
        return _read(path, architecture, max_bytes)
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {error}") from error
    except MemoryError as error:
        raise ModelFileError(f"{path}: the model cannot be read: {reason(error)}") from error
    except Exception as error:
        if any(word in str(error) for word in ("not a zip file", "truncated file")):
            raise ModelFileError(
                f"{path}: the file is cut short or damaged, as after a download that broke off; copy or download it "
                f"again, or re-save the model with {SAVE}"
            ) from error
        raise ModelFileError(
            f"{path}: the file is damaged or no Keras model ({type(error).__name__}: {reason(error)}); "
            f"re-save the model with {SAVE}"
        ) from error


def _read(path: str, architecture: str | None, max_bytes: int) -> Network:
    head = _head(path)
    budget = Budget(max_bytes, Path(path).stat().st_size)
    source: Source
    if is_onnx(head):
        from mlpdoctor.readers.models.onnx_network import read_onnx

        return read_onnx(path, budget)
    if architecture is not None and not head.startswith(HDF5_MAGIC):
        raise ModelFileError("this is no file of weights; --architecture goes with what model.save_weights writes")
    if architecture is not None or is_architecture(head):
        from mlpdoctor.readers.models import reunited

        if architecture is None:
            source, kind = reunited.Architecture(path), "architecture"
        else:
            source, kind = reunited.reunited(path, architecture, budget), "weights"
    elif head.startswith(ZIP_MAGIC):
        from mlpdoctor.readers.models.keras_archive import Archive

        source, kind = Archive(path, budget), "archive"
    else:
        from mlpdoctor.readers.models.keras_h5 import H5Model

        source, kind = H5Model(path, budget), "HDF5"
    try:
        network = network_of(source)
        return replace(network, file=path, format=f"Keras {source.keras} {kind}")
    finally:
        source.close()


def _head(path: str) -> bytes:
    place = Path(path)
    if protocol_of(path) is not None:
        raise ModelFileError("a model is read from a file of this machine, and not from an address: copy it here")
    if not place.exists():
        raise ModelFileError("no such file; give the path of a saved Keras model")
    if place.is_dir():
        raise ModelFileError(f"this is {described_folder(place)}")
    if not place.is_file():
        raise ModelFileError("this is no regular file; give the path of a saved Keras model")
    with place.open("rb") as file:
        head = file.read(HEAD)
    if not head:
        raise ModelFileError("the file is empty; save the model again")
    if not head.startswith((ZIP_MAGIC, HDF5_MAGIC)) and not (is_onnx(head) or is_architecture(head)):
        what = described(head, place) or NEITHER
        raise ModelFileError(f"this is {what}")
    return head


def network_of(source: Source) -> Network:
    """The network that a source tells of; which file it is of is left open.

    Raises:
        ModelFileError: it is of no model that can be read.
    """
    model = parse_model(source.config, source.keras)
    for layer in model.layers():
        _sound(f"layer '{layer.name}'", layer_fault(layer))
    _settle_input(source, model)
    graph = unfold(model)
    _bounded(graph)
    expected = Expected(graph)
    source.fill(model, expected)
    names = _output_names(model)
    compiled = source.compiled or {}
    by_output = losses(compiled.get("loss"), names, model.output_keys)
    for loss in filter(None, by_output):
        _sound(f"the loss {loss.name}", fault(loss.options) if kind_of(loss.name) is not None else None)
    return Network(
        name=model.name,
        nodes=tuple(graph.nodes),
        inputs=graph.inputs,
        outputs=graph.outputs,
        output_names=names,
        losses=by_output,
        loss_weights=loss_weights(compiled.get("loss_weights"), names, model.output_keys),
        metrics=metrics(compiled.get("metrics"), names, model.output_keys),
        optimizer=_optimizer(source, graph, model, expected),
        file="",
        format="",
        keras_version=source.keras_version,
    )


def _sound(whose: str, fault: str | None) -> None:
    """Refuse options that Keras cannot have written, before anything is made of them."""
    if fault is not None:
        raise ModelFileError(f"{whose} has {fault}; the file is damaged, re-save the model")


def _bounded(graph: Graph) -> None:
    """Refuse what no network is: a few bytes of a configuration can ask for any width."""
    for node in graph.nodes:
        width = row_width(node.shape)
        if width is not None and width > MOST_NUMBERS:
            raise ModelFileError(
                f"layer '{node.layer.name}' puts out {width:,} numbers for each row, more than the "
                f"{MOST_NUMBERS:,} that any layer is let have; do not trust this file"
            )


def _settle_input(source: Source, model: Blueprint) -> None:
    """Old Sequential files may leave the input's shape out; the first kernel tells it."""
    entry = model.members.get(model.inputs[0].member) if model.inputs else None
    if isinstance(entry, Layer) and entry.config.get("batch_shape", ()) is None:
        width = source.first_width(model)
        if width is None:
            raise ModelFileError(
                f"the model '{model.name}' was saved before it knew the shape of its input; add "
                "keras.Input(shape=...) as its first layer, or call it on data, and save it again"
            )
        model.members[model.inputs[0].member] = replace(entry, config={"batch_shape": (None, width)})


def _output_names(model: Blueprint) -> tuple[str, ...]:
    """The output layers' names; a layer that gives two outputs is counted, as Keras 2 does."""
    seen: dict[str, int] = {}
    found = []
    for output in model.outputs:
        count = seen[output.member] = seen.get(output.member, -1) + 1
        found.append(f"{output.member}_{count}" if count else output.member)
    return tuple(found)


def _optimizer(source: Source, graph: Graph, model: Blueprint, expected: Expected) -> Optimizer | None:
    named = optimizer_name((source.compiled or {}).get("optimizer"))
    if named is None:
        return None
    _sound(f"the optimizer {named[0]}", fault(named[1]))
    trained: list[tuple[Layer, Variable]] = []
    for layer in {id(layer): layer for layer in model.layers()}.values():
        variables = expected.of(layer) if id(layer) in graph.fed else ()
        if variables is None and layer.trainable:
            stored = source.optimizer()  # behind an unknown layer no variable can be told from its number
            return replace(optimizer(*named, stored, [], source.keras), undealt=tuple(stored))
        trained += [(layer, variable) for variable in variables or () if layer.trainable and variable.trainable]
    return optimizer(*named, source.optimizer(), trained, source.keras)
