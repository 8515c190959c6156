"""What a file is that holds no Keras model, told from its content, and what to do about it."""

import re
from collections.abc import Sequence
from pathlib import Path

HEAD = 4096
"""First bytes that are enough to tell."""

SAVE = "model.save('model.keras')"
_ORDER = "data and no model; the order is MODEL, then DATA: mlpdoctor check model.keras data.csv"
_BUILD = (
    "build the model as in training, give it the weights with tf.train.Checkpoint(model=model).restore('PREFIX'), in "
    f"Keras 2 with model.load_weights('PREFIX'), PREFIX being the path without .index, and save it with {SAVE}"
)
_FROM_PYTHON = (
    "where you trust it, load it in Python; a scikit-learn model is checked there, mlpdoctor.check(model, x, y), a "
    f"Keras model saved with {SAVE}"
)
_OTHER = f"mlpdoctor reads the Keras model that it was made from, saved with {SAVE}"
_TORCH = (
    "a PyTorch file, a pickle that only Python opens; load it there; an nn.Sequential is checked there, "
    "mlpdoctor.check(model, x, y); for any other torch.onnx.export(model, x, 'model.onnx', external_data=False), then "
    "mlpdoctor check model.onnx"
)
_SAVED_MODEL = (
    "load its folder with tf_keras.models.load_model('FOLDER') or with TensorFlow 2.15 or older, "
    f"and save the model with {SAVE}"
)
_SERVING = (
    "for serving, as model.export writes it, without the Keras model; give the one that it was made from, saved with "
    f"{SAVE}"
)
_CHECKPOINT = f"a TensorFlow checkpoint, which holds weights alone; {_BUILD}"
_ADD = f"build the model from it, load its weights, and save the whole with {SAVE}"
_WEIGHTS = (
    "a file of weights alone, as model.save_weights and Keras Tuner write it; say which network they are of with "
    "--architecture model.json, which holds what model.to_json() returns, or with a saved Keras model"
)

OPENINGS: tuple[tuple[bytes, str], ...] = (
    (rb"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19", _TORCH),
    (rb"\x80[\x02-\x05]", f"a Python pickle, which runs code when it is opened, so it is not; {_FROM_PYTHON}"),
    (rb"\(?[dl]p\d+\n|c[A-Za-z_][\w.]*\n[A-Za-z_]\w*\n", f"a Python pickle, so it is not opened; {_FROM_PYTHON}"),
    (rb"\x78[\x01\x5e\x9c\xda]", f"packed with zlib, perhaps a pickle of joblib; {_FROM_PYTHON}"),
    (rb"\x08\x01\x12", f"the graph of a SavedModel; {_SAVED_MODEL}"),
    (rb"\n.{1,80}_tf_keras_", f"the notes of a SavedModel; {_SAVED_MODEL}"),
    (rb"\n.{1,80}Placeholder", f"a frozen graph of TensorFlow; {_OTHER}"),
    (rb".{4}TFL3", f"a TensorFlow Lite model; {_OTHER}"),
    (rb".{2,7}\x00+\{\s*\"", "a safetensors file of weights; name the activation of each layer: --layers relu,linear"),
    (rb"model_checkpoint_path:|.{1,60}_CHECKPOINTABLE_OBJECT", _CHECKPOINT),
    (rb"\x93NUMPY", f"a NumPy array, {_ORDER}"),
    (rb"PAR1", f"a Parquet file, {_ORDER}"),
    (rb"ARROW1", f"a Feather file, {_ORDER}"),
    (rb"MATLAB ", f"a MATLAB file; export the network to Keras there, and save it with {SAVE}"),
    (rb"\x1f\x8b", "packed with gzip; unpack it, gunzip FILE, and give the file inside"),
    (rb"BZh\d", "packed with bzip2; unpack it, bunzip2 FILE, and give the file inside"),
    (rb"\xfd7zXZ\x00", "packed with xz; unpack it, unxz FILE, and give the file inside"),
    (rb"7z\xbc\xaf\x27\x1c", "packed with 7-Zip; unpack it, 7z x FILE, and give the file inside"),
    (rb"Rar!", "packed with RAR; unpack it, unrar x FILE, and give the file inside"),
    (rb".{257}ustar", "a tar archive; unpack it, tar -xf FILE, and give the file inside"),
    (
        rb"version https://git-lfs",
        "a Git LFS pointer, a note in place of the file; fetch it with git lfs pull (in a GitHub workflow: lfs: true)",
    ),
    (
        rb"(?i)\s*<(!doctype|html)",
        "a web page, perhaps a log-in page in place of a download; log in, and download the file again",
    ),
    (rb"\s*\{.*\"modelTopology\"", f"a TensorFlow.js model; {_OTHER}"),
    (rb"\s*\{.*\"cells\"", f"a notebook; run it, and save its model with {SAVE}"),
    (rb"(?m)(?=.{0,200}^class_name:).{0,200}^config:", f"the architecture alone, as model.to_yaml() wrote it; {_ADD}"),
    (rb"\s*[\[{]", f"JSON; save the whole model with {SAVE}"),
)
"""Regular expressions on the first bytes, the sure ones first, and what such a file is."""


ONNX = re.compile(rb"\x08[\x02-\x20][\x12\x1a\x3a\x42]")
"""The version of the format, then the producer's name or version, the graph, or the set of operations."""


ARCHITECTURE = re.compile(rb"\s*\{(?!.*\"modelTopology\").*\"class_name\"", re.DOTALL)
"""What ``model.to_json()`` returns; TensorFlow.js wraps it in more."""


def is_architecture(head: bytes) -> bool:
    """Whether a file with these first bytes is an architecture in JSON."""
    return ARCHITECTURE.match(head) is not None


def is_onnx(head: bytes) -> bool:
    """Whether a file with these first bytes is an ONNX model."""
    return ONNX.match(head) is not None and not head.startswith(b"\x08\x01\x12")


def described(head: bytes, path: Path) -> str | None:
    """What a file is and what to do about it; None where neither its first bytes nor its name tell.

    Args:
        head: its first bytes.
        path: of the file: parts of a SavedModel and of a checkpoint are told by their names, as TensorFlow finds them.
    """
    if path.name in SAVED_PARTS and (path.parent / "saved_model.pb").exists():
        return described_folder(path.parent)
    found = next((what for opening, what in OPENINGS if re.match(opening, head, re.DOTALL)), None)
    return _CHECKPOINT if found is None and SHARD.fullmatch(path.name) else found


SAVED_PARTS = frozenset({"saved_model.pb", "fingerprint.pb", "keras_metadata.pb"})
SHARD = re.compile(r".*\.(index|data-\d{5}-of-\d{5})")


def described_folder(folder: Path) -> str:
    """What a folder given in place of a model file is, and what to do about it."""
    if (graph := folder / "saved_model.pb").exists():
        return f"a SavedModel folder; {_SAVED_MODEL}" if _of_keras(graph) else f"a SavedModel folder {_SERVING}"
    if any(SHARD.fullmatch(file.name) for file in folder.iterdir()):
        return f"a folder with {_CHECKPOINT}"
    if (folder / "config.json").exists() and (folder / "model.weights.h5").exists():
        return "an unpacked .keras archive; zip what is in it, without the folder: zip -r ../model.keras ."
    return f"a folder; expected one file, as {SAVE} writes it"


def _of_keras(graph: Path) -> bool:
    """Whether a SavedModel tells of a Keras model: beside the graph from TensorFlow 2.5 on, before that within it."""
    if (graph.parent / "keras_metadata.pb").exists():
        return True
    with graph.open("rb") as file:
        before = b""
        while block := file.read(BLOCK):
            if MARK in before + block:
                return True
            before = block[-len(MARK) :]
    return False


MARK = b"_tf_keras_"
BLOCK = 1 << 20


MEMBERS: tuple[tuple[str, str], ...] = (
    (r"(.*/)?data\.pkl", _TORCH),
    (r"\[Content_Types\]\.xml", f"an Office document; expected a Keras model, as {SAVE} writes it"),
    (r".*saved_model\.pb", f"a zipped SavedModel; unpack it, unzip FILE; {_SAVED_MODEL}"),
    (
        r".*/config\.json",
        "a zip of a folder with a model in it; zip what is in the folder, without it: zip -r model.keras .",
    ),
    (r".*\.(keras|h5|hdf5)", "a zip of a model; unpack it, unzip FILE, and give the file inside"),
)
"""Regular expressions on the members' names that give away what a zip without ``config.json`` is."""


def described_zip(names: Sequence[str]) -> str:
    """What a zip file that is no archive of Keras is, and what to do about it."""
    if names and all(name.endswith(".npy") for name in names):
        return (
            "a NumPy .npz file; if it is data, the order is MODEL, then DATA; if it is the weights of a hand-written "
            f"network, name its activations: --layers tanh,linear; a Keras model is saved with {SAVE}"
        )
    for member, what in MEMBERS:
        if any(re.fullmatch(member, name) for name in names):
            return what
    return f"a zip without config.json; expected a Keras model, as {SAVE} writes it"


def described_hdf5(groups: Sequence[str], attributes: Sequence[str]) -> str:
    """What an HDF5 file without the configuration of a model is, and what to do about it."""
    folders = {name.replace("\\", "/").split("/")[0] for name in groups}
    if "layer_names" in attributes or {"layers", "_layer_checkpoint_dependencies"} & folders:
        return _WEIGHTS
    return f"an HDF5 file that holds no Keras model; expected one, as {SAVE} writes it"
