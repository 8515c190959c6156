"""Console logs as people paste them: every Keras, R, terminals, notebooks, web pages, prints of their own."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlpdoctor.core.history import History
from mlpdoctor.readers.histories.console_log import read_console
from mlpdoctor.readers.histories.history import read_history
from mlpdoctor.readers.histories.runs import joined


def read(text: str, folder: Path) -> History:
    file = folder / "pasted.txt"
    file.write_bytes(text.encode())
    return read_history(str(file))


def losses(text: str, folder: Path) -> list[float]:
    return column(read(text, folder), "loss")


def column(history: History, name: str) -> list[float]:
    (run,) = history.runs
    assert list(run.columns[name].epochs) == list(range(1, len(run.columns[name]) + 1))
    return list(run.columns[name].values)


KERAS_1 = """Train on 9600 samples, validate on 2400 samples
Epoch 1/2
  32/9600 [..............................] - ETA: 41s - loss: 9.1111
9600/9600 [==============================] - 4s - loss: 7.1742 - acc: 0.2500 - val_loss: 6.9442 - val_acc: 0.3000
Epoch 2/2
9600/9600 [==============================] - 4s - loss: 7.0001 - acc: 0.2600 - val_loss: 6.9000 - val_acc: 0.3100
"""
KERAS_2 = """Epoch 1/2
\r  1/518 [..............................] - ETA: 1:43 - loss: 1.9999 - acc: 0.1\b\b\b\b\b\b\r518/518 [=============>] \
- ETA: 0s - loss: 1.4800 - acc: 0.3200\b\b\b\r518/518 [==============================] - 2s 187us/step - loss: 1.4778 \
- acc: 0.3209
Epoch 2/2
518/518 [==============================] - 2s 3ms/step - loss: 1.2e+03 - acc: 9.9990e-04
"""
_BAR = "\x1b[32m━━━━━━━━━━\x1b[0m\x1b[37m━━━━━━━━━━\x1b[0m \x1b[1m1s\x1b[0m"
KERAS_3 = f"""Epoch 1/2
\x1b[1m1/2\x1b[0m {_BAR} 675ms/step - loss: 9.0000 - mae: 2.0
\x1b[1m2/2\x1b[0m {_BAR} 12ms/step - loss: 4.1424 - mae: 2.8817
\x1b[1m2/2\x1b[0m {_BAR} 80ms/step - loss: 4.1424 - mae: 2.8817 - val_loss: 5.8
Epoch 2/2
\x1b[1m2/2\x1b[0m {_BAR} 12ms/step - loss: 3.9000 - mae: 2.7000 - val_loss: 5.7
"""
R_VERBOSE_2 = """> model %>% fit(x, y, epochs = 3, verbose = 2)
Epoch 1/3
 - 2s - loss: 0.0084
Epoch 2/3
 - 0s - loss: 0.0083
Epoch 3/3
 - 0s - loss: 0.0082
>"""
TF_2_VERBOSE_2 = """Epoch 1/2
1/1 - 0s - loss: 0.5000 - 400ms/epoch - 400ms/step
Epoch 2/2
1/1 - 0s - loss: 0.4000 - 20ms/epoch - 20ms/step
"""
KNOWN = [
    (KERAS_1, [7.1742, 7.0001]),
    (KERAS_2, [1.4778, 1200.0]),
    (KERAS_3, [4.1424, 3.9]),
    (KERAS_3.replace("\x1b", ""), [4.1424, 3.9]),
    (KERAS_3.replace("\n", "\r\n"), [4.1424, 3.9]),
    (R_VERBOSE_2, [0.0084, 0.0083, 0.0082]),
    (R_VERBOSE_2.replace("\n", " "), [0.0084, 0.0083, 0.0082]),
    (TF_2_VERBOSE_2, [0.5, 0.4]),
    ("Epoch 1/2\n2/2 - 0s - loss: nan\nEpoch 2/2\n2/2 - 0s - loss: inf\n", [np.nan, np.inf]),
    ("Epoch 1/2\n2/2 - 0s - loss: -1.2345e+01\nEpoch 2/2\n2/2 - 0s - loss: -2.0000e-05\n", [-12.345, -2e-5]),
    (" - 2s - loss: 0.0084\n - 0s - loss: 0.0084\n - 0s - loss: 0.0080\n", [0.0084, 0.0084, 0.0080]),
    ("3/3 [===] - 0s - loss: 0.5000\n3/3 [===] - 0s - loss: 0.4000\n", [0.5, 0.4]),
    ("3/3 [==] - 0s - loss: 0.5\n3/3 [==] - 1s - loss: 0.5 - val_loss: 1.0\n3/3 [==] - 1s - loss: 0.4\n", [0.5, 0.4]),
    ("10/Unknown - 0s - loss: 0.5000\n20/Unknown - 0s - loss: 0.4500\n", [0.5, 0.45]),
    ("Epoch 1, Loss: 0.9\nEpoch 2, Loss: 0.8\n", [0.9, 0.8]),
    ("epoch 1 train loss: 0.9 val loss: 1.1\nepoch 2 train loss: 0.8 val loss: 1.0\n", [0.9, 0.8]),
    ("Epoch [1/2], Loss: 0.9000\nEpoch [2/2], Loss: 0.8000\n", [0.9, 0.8]),
    (
        "Epoch [1/2], Step [1/2], Loss: 0.9\nEpoch [1/2], Step [2/2], Loss: 0.8\nEpoch [2/2], Step [1/2], Loss: 0.7",
        [0.8, 0.7],
    ),
    ("Epoch: 1/2 | loss: 0.9 | acc: 0.5\nEpoch: 2/2 | loss: 0.8 | acc: 0.6", [0.9, 0.8]),
    ("Epoch 1: loss 0.9 val_loss 1.0\nEpoch 2: loss 0.8 val_loss 0.9\n", [0.9, 0.8]),
    (
        "12:00:01,123 INFO Epoch 1/2\n12:00:01,124 INFO 5/5 - 0s - loss: 0.9\nx Epoch 2/2\nx 5/5 - 0s - loss: 0.8",
        [0.9, 0.8],
    ),
    ("> Epoch 1/2\n> 5/5 - 0s - loss: 0.9\n> Epoch 2/2\n> 5/5 - 0s - loss: 0.8\n", [0.9, 0.8]),
    ("Iteration 1, loss = 0.69314718\nIteration 2, loss = 0.50000000\n", [0.69314718, 0.5]),
    ("Epoch 1/2: 100%|###| 9/9 [00:01<00:00, loss=0.9]\nEpoch 2/2: 100%|###| 9/9 [00:01<00:00, loss=0.8]", [0.9, 0.8]),
    ("Epoch 1/2\n9/9 - 4s - loss: 7.17\n42 - val_loss: 6.9442\nEpoch 2/2\n9/9 - 4s - loss: 7.0000\n", [7.1742, 7.0]),
    ("Epoch 1/1\n9/9 - 4s - loss:\n7.1742 - val_\nloss: 6.9442\n", [7.1742]),
    ("Epoch 1/1\n9/9 - 4s - loss: 7.1742 -\n val_loss: 6.9442\n", [7.1742]),
    ("Epoch 1/1\n9/9 - 4s - loss: 1.5000e-\n05 - val_loss: 6.9442\n", [1.5e-5]),
]


@pytest.mark.parametrize(("text", "expected"), KNOWN)
def test_losses(text: str, expected: list[float], tmp_path: Path) -> None:
    np.testing.assert_array_equal(losses(text, tmp_path), expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (KERAS_1, [6.9442, 6.9]),
        (KERAS_3, [5.8, 5.7]),
        ("Epoch 1/1\n9/9 - 4s - loss:\n7.1742 - val_\nloss: 6.9442\n", [6.9442]),
        ("Epoch 1/1\n9/9 - 4s - loss: 7.1742 -\n val_loss: 6.9442\n", [6.9442]),
        ("epoch 1 train loss: 0.9 val loss: 1.1\nepoch 2 train loss: 0.8 val loss: 1.0\n", [1.1, 1.0]),
    ],
)
def test_validation_losses(text: str, expected: list[float], tmp_path: Path) -> None:
    assert column(read(text, tmp_path), "val_loss") == expected


@pytest.mark.parametrize(
    "text",
    [
        "iter 0 err 1.41\niter 1 err 1.2\n",
        "Epoch 0, Loss: 1.41\nEpoch 1, Loss: 1.2\n",
        "Cost after iteration 0: 1.41\nCost after iteration 1: 1.2\n",
        "iteration 1: cost 1.41\niteration 2: cost 1.2\n",
        "step 1 - error = 1.41 - time 3 s\nstep 2 - error = 1.2 - time 3 s\n",
        "Epoch: 1  training error: 1.41, val error: 1.5\nEpoch: 2  training error: 1.2, val error: 1.6\n",
        "epoch 1 err 1.41 acc 0.5\nprogress\nepoch 2 err 1.2 acc 0.6\n",
    ],
)
def test_networks_written_by_hand(text: str, tmp_path: Path) -> None:
    assert losses(text, tmp_path) == [1.41, 1.2]


@pytest.mark.parametrize(
    "line", ["step 3: error 404 not found", "step 3: error 404: no such page", "iter 1 test error 0.5", "error 0.5"]
)
def test_an_error_that_is_no_loss(line: str, tmp_path: Path) -> None:
    assert losses(f"{line}\nEpoch 1 - loss: 0.5\n{line}\n", tmp_path) == [0.5]


def test_the_seed(tmp_path: Path) -> None:
    text = "I cannot make my network fit. compile(loss = 'mse', optimizer_adam(lr = 0.00001))\n" + R_VERBOSE_2
    (run,) = read(text, tmp_path).runs
    assert set(run.columns) == {"loss"}
    assert run.planned == 3
    assert run.loss is not None
    assert run.loss.decimals == 4
    assert list(run.loss.rounding) == [5e-5] * 3


def test_what_r_prints_at_the_end(tmp_path: Path) -> None:
    text = (
        "Trained on 48,000 samples, validated on 12,000 samples (batch_size=128, epochs=30)\n"
        "Final epoch (plot to see history):\n"
        "val_loss: 0.0862\n val_acc: 0.9811\n    loss: 0.0395\n     acc: 0.9893\n"
    )
    (run,) = read(text, tmp_path).runs
    assert {name: (int(found.epochs[0]), float(found.values[0])) for name, found in run.columns.items()} == {
        "val_loss": (30, 0.0862),
        "val_acc": (30, 0.9811),
        "loss": (30, 0.0395),
        "acc": (30, 0.9893),
    }


def test_rounding_of_each_number(tmp_path: Path) -> None:
    (run,) = read("Epoch 1/2\n - 0s - loss: 0.0123\nEpoch 2/2\n - 0s - loss: 9.8765e-04\n", tmp_path).runs
    assert run.loss is not None
    np.testing.assert_allclose(run.loss.rounding, [5e-5, 5e-9])


def test_an_epoch_cut_short_is_left_out(tmp_path: Path) -> None:
    text = "Epoch 1/9\n3/3 [==] - 0s - loss: 0.5\nEpoch 2/9\n1/3 [>.] - ETA: 9s - loss: 0.1\n"
    assert losses(text, tmp_path) == [0.5]
    assert losses(text[text.index("Epoch 2") :].replace("Epoch 2", "Epoch 1"), tmp_path) == [0.1]


def test_evaluate_after_training_is_no_epoch(tmp_path: Path) -> None:
    text = KERAS_1 + "2400/2400 [=====] - 0s 2ms/step - loss: 1.0000 - acc: 0.9000\nTest loss: 1.0\n"
    assert losses(text, tmp_path) == [7.1742, 7.0001]


@pytest.mark.parametrize(("first", "runs"), [("0.3100", [4]), ("0.9100", [2, 2])])
def test_fit_called_again(first: str, runs: list[int], tmp_path: Path) -> None:
    text = "Epoch 1/2\n - loss: 0.9000\nEpoch 2/2\n - loss: 0.3000\n"
    history = read(text + text.replace("0.9000", first).replace("0.3000", "0.2000"), tmp_path)
    assert [run.epochs for run in history.runs] == runs
    assert history.last is not None
    assert history.last.planned == runs[-1]


def test_a_loop_of_single_epochs(tmp_path: Path) -> None:
    text = "".join(f"Epoch 1/1\n9/9 [===] - 1s - loss: 0.{9 - turn}000\n" for turn in range(6))
    assert losses(text, tmp_path) == pytest.approx([0.9, 0.8, 0.7, 0.6, 0.5, 0.4])


def test_notes_of_callbacks(tmp_path: Path) -> None:
    text = (
        "Epoch 1/9\n - loss: 0.9000\nEpoch 00001: val_loss improved from inf to 0.34990, saving model to best.h5\n"
        "Epoch 2/9\n - loss: 0.8000\n\nEpoch 00002: ReduceLROnPlateau reducing learning rate to 0.0001.\n"
        "Epoch 3/9\n - loss: 0.8500\nRestoring model weights from the end of the best epoch: 2.\n"
        "Epoch 3: early stopping\n"
    )
    history = read(text, tmp_path)
    (run,) = history.runs
    assert column(history, "loss") == [0.9, 0.8, 0.85]
    assert [(note.epoch, note.kind, note.value) for note in run.notes] == [
        (2, "learning rate", 0.0001),
        (3, "best weights restored", 2.0),
        (3, "stopped early", None),
    ]


def test_bad_lines_are_counted_and_shown(tmp_path: Path) -> None:
    text = "Epoch 1/3\n - 0s - loss: 0.0o84\nEpoch 2/3\n - 0s - loss: 0.0083\nEpoch 3/3\n - 0s - loss: 0,0082\n"
    history = read(text, tmp_path)
    assert history.bad.count == 2
    assert history.bad.examples[0] == "line 2: no number after loss: '0.0o84'"
    assert [run.epochs for run in history.runs] == [2]


PROSE = [
    "My loss is stuck at 0.13.",
    "model.compile(loss='mse', optimizer=Adam(lr=0.01))",
    "model %>% compile(loss = 'mean_squared_error', optimizer = optimizer_adam(lr = 0.00001))",
    "lr = 0.1",
    "What am I doing wrong? I use epochs: 10.",
    "print(f'Epoch {epoch}, Loss: {loss}')",
    "score: 5",
]


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.sampled_from(PROSE), max_size=6), st.lists(st.sampled_from(PROSE), max_size=6))
def test_prose_around_the_log_changes_nothing(before: list[str], after: list[str]) -> None:
    alone, _ = read_console(R_VERBOSE_2.splitlines())
    drafts, bad = read_console([*before, *R_VERBOSE_2.splitlines(), *after])
    assert [draft.rows for draft in drafts] == [draft.rows for draft in alone]
    assert not bad.count


@settings(deadline=None)  # the machine may be busy
@given(
    st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=30),
    st.sampled_from(["v1", "v2", "rstudio"]),
    st.booleans(),
)
def test_what_keras_prints_is_read_back(values: list[float], style: str, colour: bool) -> None:  # noqa: FBT001
    shown = [f"{value:.4f}" if value > 1e-3 else f"{value:.4e}" for value in values]
    lines = []
    for epoch, value in enumerate(shown, 1):
        lines.append(f"Epoch {epoch}/{len(shown)}")
        if style == "v1":
            bold, plain = ("\x1b[1m", "\x1b[0m") if colour else ("", "")
            lines.append(
                f"\r{bold}1/7{plain} [>...] - ETA: 3s - loss: 5.5555\b\b\r{bold}7/7{plain} - 1s - loss: {value}"
            )
        else:
            lines.append(f" - 2s - loss: {value}" if style == "v2" else f"7/7 - 0s - loss: {value} - 2s/epoch")
    drafts, bad = read_console(lines)
    ((draft, _),) = joined(drafts)
    assert [str(draft.rows[epoch]["loss"]) for epoch in range(1, len(shown) + 1)] == [
        str(type(draft.rows[epoch]["loss"])(text)) for epoch, text in enumerate(shown, 1)
    ]
    assert not bad.count


@pytest.mark.slow
@settings(deadline=None)  # the machine may be busy
@given(st.text(max_size=300) | st.lists(st.sampled_from([*KERAS_3.split(" "), "\n", "loss:", "-", "1"])).map("".join))
def test_any_text_is_read_without_a_traceback(text: str) -> None:
    for draft in read_console(text.splitlines(keepends=True))[0]:
        assert all(epoch >= 0 for epoch in draft.rows)
