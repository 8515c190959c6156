"""Which models a run looks at, with which data: told from the arguments and the configuration."""

import os
from collections.abc import Sequence
from pathlib import Path

from mlpdoctor.cli.config.file import Configuration
from mlpdoctor.cli.config.settings import COMMAND_LINE, Placed, Section, Settings
from mlpdoctor.core.address import protocol_of
from mlpdoctor.core.errors import UsageError, closest
from mlpdoctor.core.fast_dataclass import dataclass

DATA_SUFFIXES = (".csv", ".tsv", ".gz", ".parquet", ".feather", ".arrow", ".npy", ".npz")
WEIGHTS_ALONE = ".weights.h5"
UNPACKED = ("saved_model.pb", "config.json", "keras_metadata.pb")
"""What lies in a folder that is a model itself."""
ARRAY, BETWEEN = ".npy", ","
"""Two arrays, the features and the targets, are one DATA: ``x.npy,y.npy``, as ``readers.tables.data`` has it."""
MODEL_SUFFIXES = (".keras", ".h5", ".hdf5", ".onnx")
HDF5 = b"\x89HDF\r\n\x1a\n"
IN_A_MODEL = frozenset({"config.json", "model.weights.h5"})
"""What a ``.keras`` archive holds, and an ``.npz`` does not."""


@dataclass(frozen=True)
class Job:
    """One model to look at, and what is in force for it."""

    model: str
    settings: Settings


def plan(arguments: Sequence[str], configuration: Configuration, line: Section) -> tuple[Job, ...]:
    """The models asked for, each once, in order.

    Args:
        arguments: MODEL..., and perhaps DATA as the last one, or as the last two where they are arrays.
        configuration: of the project; its ``models`` are looked at when no argument is given.
        line: the options of the command line.

    Raises:
        UsageError: the arguments do not say which is the model and which the data.
    """
    named = {entry.name: entry.model for entry in configuration.models}
    files = [file for place, word in enumerate(arguments) for file in _expanded(word, named, first=place == 0)]
    models, data = _apart(files)
    if data is not None:
        if "data" in line.values:
            raise UsageError(f"the data is given twice: {data} and --data {line.values['data'].value}")
        line = Section({**line.values, "data": Placed(data, COMMAND_LINE)}, line.thresholds)
    if not arguments:
        models = list(named.values())
        if not models:
            raise UsageError(
                "give the path of a saved Keras model: mlpdoctor check MODEL [DATA]; or list the project's models in a "
                "[tool.mlpdoctor.models] table of pyproject.toml"
            )
    jobs = [Job(model, Settings((*configuration.sections(model), line))) for model in dict.fromkeys(models)]
    if len(jobs) > 1 and any(job.settings.value("data") == "-" for job in jobs):
        raise UsageError("standard input can be read only once: for several models, give the data as a file")
    return tuple(jobs)


def _expanded(word: str, named: dict[str, str], *, first: bool) -> list[str]:
    """A name of the ``models`` table, a folder, or a pattern that no shell has expanded, as files; else as it is."""
    if os.path.isdir(word):  # noqa: PTH112  no name is too long for it
        return _models_in(word, first=first) or [word]
    if word == "-" or protocol_of(word) is not None or os.path.exists(word):  # noqa: PTH110  no name is too long for it
        return [word]
    if word in named:
        return [named[word]]
    if any(sign in word for sign in "*?["):
        import glob

        found = sorted(glob.glob(word, recursive=True))  # noqa: PTH207  a pattern may start at any folder
        if not found:
            raise UsageError(f"no file is called {word}")
        return found
    if named and not Path(word).suffix:
        raise UsageError(
            f"{word}: there is no such file, nor such a name in [tool.mlpdoctor.models]{closest(word, named)}"
        )
    return [word]


def _models_in(folder: str, *, first: bool) -> list[str]:
    """The models in a folder and below, in order; none where it is a model itself, or holds data behind a model."""
    place = Path(folder)
    if not first and any(file.suffix.lower() in DATA_SUFFIXES for file in place.iterdir()):
        return []
    if any((place / own).exists() for own in UNPACKED):
        return []
    found = (file for file in place.rglob("*") if file.suffix.lower() in MODEL_SUFFIXES and file.is_file())
    return [str(file) for file in sorted(found) if not file.name.lower().endswith(WEIGHTS_ALONE)]


def _apart(files: list[str]) -> tuple[list[str], str | None]:
    """The models, and the data behind them. The first is a model whatever it holds: reading it will tell."""
    flags = [number == 0 or is_model(file) for number, file in enumerate(files)]
    if len(files) > 1 and not is_model(files[0]) and is_model(files[-1]) and os.path.exists(files[0]):  # noqa: PTH110
        raise UsageError(f"{files[0]}: is not a model, but {files[-1]} is; the order is MODEL, then DATA")
    data = [file for file, model in zip(files, flags, strict=True) if not model]
    if not data:
        return files, None
    if files[-2:] == data and len(data) == 2 and all(file.lower().endswith(ARRAY) for file in data):  # noqa: PLR2004
        return files[:-2], BETWEEN.join(data)
    if len(data) > 1:
        raise UsageError(
            f"neither {data[0]} nor {data[1]} is a model, and there can be only one DATA; the order is MODEL, then DATA"
        )
    if flags[-1]:
        raise UsageError(f"{data[0]}: is not a model; the data comes last, after all models, or as --data {data[0]}")
    return files[:-1], data[0]


def is_model(path: str) -> bool:
    """Whether an argument means a model rather than data: by its suffix, else by what the file holds."""
    if path.lower().endswith(MODEL_SUFFIXES):
        return True
    if path == "-" or not os.path.isfile(path):  # noqa: PTH113  no name is too long for it
        return False
    try:
        with Path(path).open("rb") as stream:
            head = stream.read(len(HDF5))
    except OSError:  # reading it as data will say why
        return False
    if head == HDF5 or not head.startswith(b"PK"):
        return head == HDF5
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive:
            return bool(IN_A_MODEL & set(archive.namelist()))
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False
