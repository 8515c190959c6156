"""Logs of other libraries, in the form that each writes: Lightning, Hugging Face's Trainer, W&B, scikit-learn."""

import json
import struct
from pathlib import Path

import pytest
from shell import run

from mlpdoctor.readers.histories.event_files import checksum_of
from mlpdoctor.readers.histories.history import read_history

TRAINER = [
    {"epoch": 0.5, "grad_norm": 1.2, "learning_rate": 4e-05, "loss": 1.41, "step": 5},
    {"epoch": 1.0, "grad_norm": 1.2, "learning_rate": 3e-05, "loss": 1.2, "step": 10},
    {"epoch": 1.0, "eval_loss": 1.1, "eval_runtime": 0.5, "step": 10},
    {"epoch": 2.0, "grad_norm": 1.2, "learning_rate": 2e-05, "loss": 0.9, "step": 20},
    {"epoch": 2.0, "eval_loss": 0.95, "eval_runtime": 0.5, "step": 20},
    {"epoch": 2.0, "step": 20, "total_flos": 1.0, "train_loss": 1.05, "train_runtime": 3.0},
]
LIGHTNING = """epoch,step,train_loss_epoch,train_loss_step,val_loss
0,9,,1.41,
0,19,,1.30,
0,19,,,1.2
0,19,1.35,,
1,29,,1.1,
1,39,,,1.0
1,39,1.05,,
"""
WANDB = """"Step","glad-sun-1 - loss","glad-sun-1 - loss__MIN","glad-sun-1 - loss__MAX"
"0","1.41","1.41","1.41"
"1","0.9","0.9","0.9"
"""
JSONL = """{"_step": 0, "_runtime": 1.1, "_timestamp": 1700000000.0, "train/loss": 1.41, "epoch": 0}
{"_step": 1, "_runtime": 2.1, "_timestamp": 1700000001.0, "train/loss": 0.9, "epoch": 1}
"""
SKLEARN = """Iteration 1, loss = 1.41000000
Validation score: 0.812500
Iteration 2, loss = 0.90000000
Training loss did not improve more than tol=0.000100 for 10 consecutive epochs. Stopping.
"""
BAR = "Epoch {}: 100%|██████████| 10/10 [00:00<00:00, 130.11it/s, v_num=0, train_loss={}]"


@pytest.mark.parametrize(
    ("content", "losses", "validation"),
    [
        (json.dumps({"best_metric": None, "log_history": TRAINER, "max_steps": 20}), [1.41, 1.2, 0.9], [1.1, 0.95]),
        ("\n".join(map(str, TRAINER)), [1.41, 1.2, 0.9], [1.1, 0.95]),
        (LIGHTNING, [1.35, 1.05], [1.2, 1.0]),
        (WANDB, [1.41, 0.9], []),
        (JSONL, [1.41, 0.9], []),
        (SKLEARN, [1.41, 0.9], []),
        (f"{BAR.format(0, 1.41)}\n{BAR.format(1, 0.9)}\n", [1.41, 0.9], []),
        ("epoch 1 train_loss=1.41 val_loss=1.5\nepoch 2 train_loss=0.9 val_loss=1.2\n", [1.41, 0.9], [1.5, 1.2]),
        ("iter 0 err 1.41\niter 100 err 0.9\n", [1.41, 0.9], []),
        ("Epoch: 0001 cost= 1.410000000\nEpoch: 0002 cost= 0.9\n", [1.41, 0.9], []),
    ],
    ids=["trainer-state", "trainer-prints", "lightning", "wandb-csv", "wandb-jsonl", "sklearn", "bar", "equals", "err",
         "cost"],
)  # fmt: skip
def test_one_training(content: str, losses: list[float], validation: list[float], tmp_path: Path) -> None:
    (tmp_path / "log").write_text(content, encoding="utf-8")
    history = read_history(str(tmp_path / "log"))
    (training,) = history.runs
    assert training.loss is not None
    assert training.loss.values.tolist() == losses
    found = [] if training.validation_loss is None else training.validation_loss.values.tolist()
    assert found == validation
    if "grad_norm" in content:
        assert "epochs: one for each entry of the log, which has several an epoch" in history.guesses


def test_a_trainer_that_logs_by_epoch_counts_epochs(tmp_path: Path) -> None:
    records = [{"epoch": float(n), "grad_norm": 1.0, "loss": 1 / n, "step": 10 * n} for n in range(1, 4)]
    (tmp_path / "trainer_state.json").write_text(json.dumps({"log_history": records}))
    history = read_history(str(tmp_path / "trainer_state.json"))
    assert history.runs[0].epochs == 3
    assert not history.guesses


def test_too_few_values_are_said_to_be_too_few(tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_text("iter 0 err 1.41\niter 100 err 0.9\n")
    done = run(tmp_path, "curve", "log.txt", "-q")
    assert done.out.startswith(
        "2 logged values are too few to tell whether the loss has stopped falling; give a log of 8"
    )


def test_checksums_are_those_of_tfrecord() -> None:
    """RFC 3720, B.4: CRC-32C of 32 zeros is 8a9136aa; the mask is TensorFlow's."""
    plain = 0x8A9136AA
    assert checksum_of(bytes(32)) == ((plain >> 15 | plain << 17) + 0xA282EAD8) & 0xFFFFFFFF


def record(content: bytes, *, wrong: bool = False) -> bytes:
    length = struct.pack("<Q", len(content))
    sums = checksum_of(length), checksum_of(content) ^ wrong
    return length + struct.pack("<I", sums[0]) + content + struct.pack("<I", sums[1])


def event(step: int, loss: float) -> bytes:
    value = b"\x0a\x0aepoch_loss\x15" + struct.pack("<f", loss)
    summary = b"\x0a" + bytes([len(value)]) + value
    return bytes([0x10, step, 0x2A, len(summary)]) + summary


@pytest.mark.parametrize("alone", [False, True])
def test_what_comes_after_a_damaged_record_is_not_read(tmp_path: Path, alone: bool) -> None:  # noqa: FBT001
    start = record(b"\x1a\x0dbrain.Event:2")
    path = tmp_path / "events.out.tfevents.1.h"
    path.write_bytes(
        start
        + record(event(0, 0.5))
        + record(event(1, 0.25))
        + record(event(2, 9.0), wrong=True)
        + record(event(3, 8.0))
    )
    history = read_history(str(path if alone else tmp_path))
    assert history.runs[0].columns["loss"].values.tolist() == [0.5, 0.25]
    assert history.bad.count == 1
    assert "record 4 is damaged, its checksum does not fit; copy the file again" in history.bad.examples[0]


TRIALS = [(16, 0.001, 0.9), (8, 0.003, 0.7), (32, 0.01, 0.5), (4, 0.03, 0.4), (64, 0.1, 0.2), (2, 0.3, 0.1)]


def test_the_trials_of_a_search_are_a_table(tmp_path: Path) -> None:
    for number, (units, rate, score) in enumerate([*TRIALS, (1, 1.0, None)]):
        folder = tmp_path / "kt" / f"trial_{number}"
        folder.mkdir(parents=True)
        metrics = {"val_loss": {"direction": "min", "observations": [] if score is None else [{"value": [score]}]}}
        (folder / "trial.json").write_text(json.dumps({
            "trial_id": str(number), "hyperparameters": {"space": [], "values": {"units": units, "lr": rate}},
            "metrics": {"metrics": metrics}, "score": score, "status": "FAILED" if score is None else "COMPLETED",
        }))  # fmt: skip
    report = json.loads(run(tmp_path, "curve", "kt", "--format", "json").out)
    search = report["history"]["search"]
    assert [row["score"] for row in search["rows"]] == [0.1, 0.2, 0.4, 0.5, 0.7, 0.9]
    assert search["without"] == 1
    first = search["follows"][0]
    assert (first["name"], round(first["correlation"], 6)) == ("lr", -1.0)
    assert first["high"] < 0
    units = search["follows"][1]
    assert units["low"] < 0 < units["high"]
    assert report["verdict"] == (
        "The 6 trials end between 0.1000 and 0.9000; the score falls with lr (rank correlation -1.00)."
    )
    out = run(tmp_path, "curve", "kt").out
    assert "trial  val_loss  units  lr" in out
    assert "which may be" in out


def test_a_rank_correlation_is_scipys() -> None:
    stats = pytest.importorskip("scipy.stats")
    from mlpdoctor.core.history import Trial
    from mlpdoctor.diagnosis.summary import search_of

    scores, values = [3.0, 1.0, 1.0, 4.0, 5.0, 9.0, 2.0], [1.0, 2.0, 2.0, 3.0, 5.0, 4.0, 4.0]
    trials = [Trial(str(n), s, "loss", {"a": v}) for n, (s, v) in enumerate(zip(scores, values, strict=True))]
    search = search_of(trials, None)
    assert search is not None
    assert search.follows[0].correlation == pytest.approx(stats.spearmanr(scores, values).statistic)
