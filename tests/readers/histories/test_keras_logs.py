"""Logs that Keras itself has just written, against what ``History.history`` holds."""

import contextlib
import io
import json
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from mlpdoctor.core.history import Column, History, Run
from mlpdoctor.readers.histories.history import read_history

Truth = dict[str, dict[str, list[float]]]
EPOCHS = 6
KEYS = ("loss", "mae", "val_loss", "val_mae")


def train(folder: Path) -> None:
    """Leave every log that Keras can write in a folder: train with verbose 2, then go on with verbose 1."""
    generator = np.random.default_rng(3)
    features = generator.normal(size=(96, 3)).astype("float32")
    targets = np.sin(features).sum(axis=1, keepdims=True)
    model = keras.Sequential(
        [
            keras.layers.Dense(8, activation="tanh", kernel_initializer=keras.initializers.GlorotUniform(3)),
            keras.layers.Dense(1, kernel_initializer=keras.initializers.GlorotUniform(4)),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "mse", metrics=["mae"])
    truth = {}
    for verbose in (2, 1):
        writer = tf.summary.create_file_writer(str(folder / f"board{verbose}" / "train"))
        beside = tf.summary.create_file_writer(str(folder / f"board{verbose}" / "validation"))
        screen = io.StringIO()
        with contextlib.redirect_stdout(screen):
            history = model.fit(
                features,
                targets,
                epochs=EPOCHS,
                batch_size=16,
                verbose=verbose,
                shuffle=False,
                validation_split=0.25,
                callbacks=[
                    keras.callbacks.CSVLogger(str(folder / "log.csv"), append=True),
                    keras.callbacks.ReduceLROnPlateau(monitor="loss", factor=0.5, patience=1, min_delta=0.5, verbose=1),
                ],
            )
            model.evaluate(features, targets, verbose=verbose)
        (folder / f"console{verbose}.txt").write_text(screen.getvalue())
        truth[verbose] = {name: [float(value) for value in values] for name, values in history.history.items()}
        for name, values in history.history.items():
            target = beside if name.startswith("val_") else writer
            with target.as_default():
                for epoch, value in enumerate(values):
                    metadata = tf.compat.v1.SummaryMetadata(plugin_data={"plugin_name": "scalars"})
                    tag = "epoch_" + name.removeprefix("val_")
                    tf.summary.write(tag, tf.constant(value, tf.float32), step=epoch, metadata=metadata)
        writer.close()
        beside.close()
    (folder / "truth.json").write_text(json.dumps(truth))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("logs")
    train(found)
    return found


@pytest.fixture(scope="module")
def truth(folder: Path) -> Truth:
    return json.loads((folder / "truth.json").read_text())  # type: ignore[no-any-return]


def one_run(history: History) -> Run:
    (run,) = history.runs
    assert not history.bad.count
    assert history.last is run
    return run


def agrees(column: Column, values: list[float]) -> None:
    assert list(column.epochs) == list(range(1, len(values) + 1))
    assert np.all(np.abs(column.values - values) <= column.rounding * (1 + 1e-6) + 1e-12)


@pytest.mark.parametrize("verbose", ["1", "2"])
def test_console(folder: Path, truth: Truth, verbose: str) -> None:
    history = read_history(str(folder / f"console{verbose}.txt"))
    run = one_run(history)
    assert history.format == "console log"
    assert set(run.columns) == {*KEYS, "learning_rate"}
    assert (run.planned, run.epochs, run.calls) == (EPOCHS, EPOCHS, 1)
    for name in (*KEYS, "learning_rate"):
        agrees(run.columns[name], truth[verbose][name])
    assert run.loss is not None
    assert run.loss.decimals == 4
    assert set(run.loss.rounding) == {5e-5}
    assert [note.kind for note in run.notes] == ["learning rate"] * len(run.notes)
    assert [note.epoch for note in run.notes] == ([2, 3, 4, 5, 6] if verbose == "2" else [*range(2, 7)])


def test_both_consoles_in_one_text(folder: Path, truth: Truth, tmp_path: Path) -> None:
    text = "".join((folder / f"console{verbose}.txt").read_text() for verbose in "21")
    (tmp_path / "all.txt").write_text(f">>> model.fit(x, y)\n{text}\n>>> exit()\n")
    run = one_run(read_history(str(tmp_path / "all.txt")))
    assert run.calls == 2
    agrees(run.columns["loss"], truth["2"]["loss"] + truth["1"]["loss"])


def test_csv_logger(folder: Path, truth: Truth) -> None:
    history = read_history(str(folder / "log.csv"))
    run = one_run(history)
    assert history.format == "table"
    assert run.calls == 2
    for name in KEYS:
        agrees(run.columns[name], truth["2"][name] + truth["1"][name])
        assert np.all(run.columns[name].rounding < 1e-7 * run.columns[name].values)
    assert any("from 0" in guess for guess in history.guesses)


@pytest.mark.parametrize("verbose", ["1", "2"])
def test_event_files(folder: Path, truth: Truth, verbose: str) -> None:
    run = one_run(read_history(str(folder / f"board{verbose}")))
    assert set(run.columns) == {*KEYS, "learning_rate"}
    for name, values in truth[verbose].items():
        agrees(run.columns[name], values)


def test_several_folders_of_events(folder: Path, truth: Truth) -> None:
    history = read_history(str(folder))
    assert {run.name for run in history.runs} == {"board1", "board2"}
    for run in history.runs:
        agrees(run.columns["val_loss"], truth[run.name[-1]]["val_loss"])


def test_one_event_file(folder: Path, truth: Truth) -> None:
    (file,) = (folder / "board1" / "train").iterdir()
    run = one_run(read_history(str(file)))
    agrees(run.columns["loss"], truth["1"]["loss"])
