"""Folders that hold a history: TensorBoard's event files, a project of Keras Tuner, runs of MLflow."""

from pathlib import Path

from mlpdoctor.column_names import listed
from mlpdoctor.history import BadLines
from mlpdoctor.readers.histories import keras_tuner, mlflow_folder, tensorboard_folder
from mlpdoctor.readers.histories.draft import Draft
from mlpdoctor.readers.histories.folder_files import Files
from mlpdoctor.readers.histories.found import Found
from mlpdoctor.readers.histories.trouble import HistoryFileError

MOST_METRIC = 1 << 26
"""Bytes of one metric of MLflow."""


def read_folder(path: Path, max_bytes: int) -> Found:
    """Read whatever histories a folder holds.

    Raises:
        HistoryFileError: it holds none, or more than ``max_bytes``.
    """
    files = Files(path, max_bytes)
    every = list(files.all())
    events = [file for file in every if tensorboard_folder.MARK in file.name]
    tried = [file for file in every if file.name == keras_tuner.MARK]
    runs, complaints = mlflow_folder.read_runs(files, every, MOST_METRIC)
    formats, drafts, bad = ["MLflow run"] if runs else [], list[Draft](runs), complaints.found()
    if events:
        found, complaints = tensorboard_folder.read_event_files(files, events)
        formats, drafts, bad = [*formats, "TensorBoard events"], drafts + found, _both(bad, complaints.found())
    trials, complaints = keras_tuner.read_trials(files, tried)
    if tried:
        formats, bad = [*formats, "project of Keras Tuner"], _both(bad, complaints.found())
    if not formats:
        inside = f"with {listed([file.name for file in every], most=4)}" if every else "without files"
        raise HistoryFileError(
            f"is a folder {inside}; expected were event files of TensorBoard, a project of Keras Tuner or a run of "
            "MLflow, and for any other log the file itself"
        )
    return Found(" and ".join(formats), drafts, trials, bad)


def _both(one: BadLines, other: BadLines) -> BadLines:
    return BadLines(one.count + other.count, (one.examples + other.examples)[:3])
