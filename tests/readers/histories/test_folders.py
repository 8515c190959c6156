"""Folders of Keras Tuner and MLflow, and what is refused."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlpdoctor.core.errors import InputError, UsageError
from mlpdoctor.core.history import History
from mlpdoctor.readers.histories import history, runs
from mlpdoctor.readers.histories.history import MOST_BYTES, read_history
from mlpdoctor.readers.histories.refusals import HistoryFileError

SPACE = (
    '{"class_name": "Int", "config": {"name": "units", "default": null, "conditions": [], "min_value": 1, '
    '"max_value": 8, "step": 1, "sampling": "linear"}}'
)
METRICS = (
    '{"loss": {"direction": "min", "observations": [{"value": [2.9234561920166016], "step": 1}]}, '
    '"val_loss": {"direction": "min", "observations": [{"value": [1.6683049201965332], "step": 1}]}}'
)
TRIAL = (
    f'{{"trial_id": "0", "hyperparameters": {{"space": [{SPACE}], "values": {{"units": 2, "act": "relu", '
    f'"lr": 0.0005174803715214935}}}}, "metrics": {{"metrics": {METRICS}}}, "score": 1.6683049201965332, '
    '"best_step": 1, "status": "COMPLETED", "message": null}'
)
"""As keras-tuner 1.4.8 wrote it."""


def test_a_project_of_keras_tuner(tmp_path: Path) -> None:
    for name, score in (("0", 1.67), ("1", 1.67), ("2", None)):
        content = json.loads(TRIAL) | {"trial_id": name, "score": score}
        content["metrics"]["metrics"]["val_loss"]["observations"][0]["value"] = [] if score is None else [1.66, 1.68]
        (tmp_path / "proj" / f"trial_{name}").mkdir(parents=True)
        (tmp_path / "proj" / f"trial_{name}" / "trial.json").write_text(json.dumps(content))
    (tmp_path / "proj" / "trial_3").mkdir()
    (tmp_path / "proj" / "trial_3" / "trial.json").write_text("{")
    history = read_history(str(tmp_path))
    assert history.format == "project of Keras Tuner"
    assert history.last is None
    assert [trial.score for trial in history.trials] == [1.67, 1.67, None]
    first = history.trials[0]
    assert (first.name, first.objective, first.status) == ("0", "val_loss", "COMPLETED")
    assert dict(first.hyperparameters) == {"units": 2.0, "act": "relu", "lr": 0.0005174803715214935}
    assert dict(first.metrics) == {"loss": 2.9234561920166016, "val_loss": pytest.approx(1.67)}
    assert history.bad.count == 1


def test_one_trial(tmp_path: Path) -> None:
    (tmp_path / "trial.json").write_text(TRIAL)
    (trial,) = read_history(str(tmp_path / "trial.json")).trials
    assert (trial.score, trial.objective) == (1.6683049201965332, "val_loss")


def test_runs_of_mlflow(tmp_path: Path) -> None:
    for run, start in (("b", 1000), ("a", 2000)):
        metrics = tmp_path / "mlruns" / "0" / run / "metrics"
        (metrics / "val").mkdir(parents=True)
        lines = [f"1700000{start + step:06} {0.5 / (step + 1)} {step}" for step in range(3)]
        (metrics / "loss").write_text("\n".join(lines))
        (metrics / "val" / "loss").write_text("\n".join(lines))
        (metrics / "accuracy").write_text(lines[0] + " data digest\nrubbish")
        (metrics.parent / "params").mkdir()
        (metrics.parent / "params" / "batch_size").write_text("32")
    history = read_history(str(tmp_path / "mlruns"))
    assert [run.name for run in history.runs] == ["0/b", "0/a"]
    assert history.last is not None
    assert list(history.last.columns["loss"].values) == [0.5, 0.25, 0.5 / 3]
    assert list(history.last.columns["val_loss"].epochs) == [1, 2, 3]
    assert dict(history.last.settings) == {"batch_size": "32"}
    assert history.bad.count == 2
    (alone,) = read_history(str(tmp_path / "mlruns" / "0" / "a" / "metrics")).runs
    assert (alone.name, alone.epochs) == ("", 3)


def complaint(path: Path | str, max_bytes: int = MOST_BYTES) -> str:
    with pytest.raises(InputError) as caught:
        read_history(str(path), max_bytes=max_bytes)
    said = str(caught.value)
    assert said.startswith(str(path))
    assert said.isprintable()
    return said.removeprefix(str(path))


def test_no_such_file(tmp_path: Path) -> None:
    (tmp_path / "history.csv").write_text("loss\n0.5\n")
    assert "there is no such file; did you mean" in complaint(tmp_path / "histori.csv")


def test_folders_of_something_else(tmp_path: Path) -> None:
    assert "is a folder without files" in complaint(tmp_path)
    (tmp_path / "log.csv").write_text("loss\n0.5\n")
    assert "is a folder with log.csv; expected were event files" in complaint(tmp_path)


def test_more_numbers_than_any_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "MOST_NUMBERS", 10)
    (tmp_path / "log").write_text("0.5\n" * 11)
    assert "more than 10 numbers" in complaint(tmp_path / "log")


def test_more_trainings_than_any_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "MOST_CALLS", 10)
    (tmp_path / "log").write_text("epoch,loss\n" + "0,0.5\n" * 10)
    assert read_history(str(tmp_path / "log")).runs
    (tmp_path / "log").write_text("epoch,loss\n" + "0,0.5\n" * 11)
    assert "more than 10 trainings, as its epochs begin anew" in complaint(tmp_path / "log")


@pytest.mark.parametrize("content", ["[" + "{}," * 11 + "{}]", "{}\n" * 11, '{"loss": [' + "1," * 11 + "1]}"])
def test_more_values_than_any_history_are_not_parsed(
    content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "MOST_VALUES", 10)
    (tmp_path / "log").write_text(content)
    assert "is JSON of more than 10 values" in complaint(tmp_path / "log")
    (tmp_path / "log").write_text('{"loss": [1, 2, 3]}')
    assert read_history(str(tmp_path / "log")).runs


@settings(deadline=None)  # the machine may be busy
@given(
    st.binary(max_size=300) | st.text(alphabet="{}[]'\":,.0123456789eE-+ \nlosepch_va", max_size=200).map(str.encode)
)
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "any"
    file.write_bytes(content)
    with contextlib.suppress(HistoryFileError):
        history = read_history(str(file))
        assert history.runs or history.trials


@pytest.mark.parametrize(
    ("text", "value", "half", "decimals"),
    [("0.0057", 0.0057, 5e-5, 4), ("0.13", 0.13, 5e-3, 2), (" 5.676e-3 ", 0.005676, 5e-7, 6), ("7", 7.0, 0.5, 0)],
)
def test_a_plateau_alone(text: str, value: float, half: float, decimals: int) -> None:
    history = History.of_plateau(text)
    assert history.stated
    assert history.last is not None
    assert history.last.loss is not None
    assert history.last.loss.values[0] == value
    assert history.last.loss.rounding[0] == pytest.approx(half)
    assert history.last.loss.decimals == decimals


@pytest.mark.parametrize("text", ["", "abc", "nan", "inf", "snan", "1e999999", "1e99999999999999999999"])
def test_no_plateau(text: str) -> None:
    with pytest.raises(UsageError, match="is no number; give the loss as it was printed"):
        History.of_plateau(text)
