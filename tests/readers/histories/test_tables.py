"""Histories in tables and in JSON, in every shape that pandas, R, TensorBoard and people give them."""

import gzip
import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlpdoctor.core.history import History
from mlpdoctor.readers.histories.assembled import canonical, canonical_names
from mlpdoctor.readers.histories.history import read_history
from mlpdoctor.readers.histories.json_log import parse_json, read_json
from mlpdoctor.readers.histories.table_log import is_table, read_table

TRUTH = {"loss": [0.75, 0.5123456789, 0.25], "val_loss": [1.5, 1.25, 1.0], "mae": [0.5, 0.25, 0.125]}
COUNTED = "epoch,loss,val_loss,mae\n0,0.75,1.5,0.5\n1,0.5123456789,1.25,0.25\n2,0.25,1.0,0.125\n"
PLAIN = "loss,val_loss,mae\n0.75,1.5,0.5\n0.5123456789,1.25,0.25\n0.25,1.0,0.125\n"
RECORDS = [
    dict(zip(("epoch", *TRUTH), (epoch, *row), strict=True))
    for epoch, row in enumerate(zip(*TRUTH.values(), strict=True))
]
R_LONG = """"epoch","value","metric","data"
1,0.75,"loss","training"
2,0.5123456789,"loss","training"
3,0.25,"loss","training"
1,1.5,"loss","validation"
2,1.25,"loss","validation"
3,1,"loss","validation"
1,0.5,"mae","training"
2,0.25,"mae","training"
3,0.125,"mae","training"
"""
R_PRINTED = """   epoch     value metric       data
1      1 0.7500000   loss   training
2      2 0.5123457   loss   training
3      3 0.2500000   loss   training
4      1 1.5000000   loss validation
5      2 1.2500000   loss validation
6      3 1.0000000   loss validation
7      1 0.5000000    mae   training
8      2 0.2500000    mae   training
9      3 0.1250000    mae   training
"""


def read(content: str | bytes, folder: Path) -> History:
    file = folder / "history"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_history(str(file))


SHAPES = {
    "CSVLogger": COUNTED,
    "CSVLogger with semicolons": COUNTED.replace(",", ";"),
    "CSVLogger with tabs": COUNTED.replace(",", "\t"),
    "German Excel": COUNTED.replace(",", ";").replace(".", ","),
    "pandas with its index": COUNTED.removeprefix("epoch"),
    "pandas without": PLAIN,
    "no epochs, another order": "val_loss,mae,loss\n1.5,0.5,0.75\n1.25,0.25,0.5123456789\n1.0,0.125,0.25\n",
    "printed by pandas": (
        "       loss  val_loss    mae\n0  0.750000      1.50  0.500\n1  0.512346      1.25  0.250\n"
        "2  0.250000      1.00  0.125\n"
    ),
    "write.csv of R": ('"","loss","val_loss","mae"\n"1",0.75,1.5,0.5\n"2",0.5123456789,1.25,0.25\n"3",0.25,1,0.125\n'),
    "write.table of R": '"loss" "val_loss" "mae"\n"1" 0.75 1.5 0.5\n"2" 0.5123456789 1.25 0.25\n"3" 0.25 1 0.125\n',
    "as.data.frame(history)": R_LONG,
    "as.data.frame(history), printed": R_PRINTED,
    "Windows": COUNTED.replace("\n", "\r\n"),
    "blank lines": "\n\n" + COUNTED.replace("\n", "\n\n"),
    "JSON": json.dumps(TRUTH),
    "JSON with strings": json.dumps({name: list(map(str, values)) for name, values in TRUTH.items()}),
    "JSON of the whole History": json.dumps({"history": TRUTH, "params": {"epochs": 90}, "epoch": [0, 1, 2]}),
    "to_json": json.dumps({name: {str(row): value for row, value in enumerate(TRUTH[name])} for name in TRUTH}),
    "to_json of records": json.dumps(RECORDS),
    "to_json of lines": "\n".join(map(json.dumps, RECORDS)),
    "to_json split": json.dumps(
        {"columns": [*TRUTH], "index": [0, 1, 2], "data": [*zip(*TRUTH.values(), strict=True)]}
    ),
    "a printed dictionary": repr(TRUTH),
    "a printed dictionary of NumPy numbers": repr({name: [*map(np.float64, TRUTH[name])] for name in TRUTH}),
    "other names": PLAIN.replace("val_loss", "Validation Loss").replace("loss", "train_loss", 1),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes(shape: str, tmp_path: Path) -> None:
    history = read(SHAPES[shape], tmp_path)
    (run,) = history.runs
    assert set(run.columns) == set(TRUTH)
    assert not history.bad.count
    for name, values in TRUTH.items():
        assert list(run.columns[name].epochs) == [1, 2, 3]
        np.testing.assert_allclose(
            run.columns[name].values, values, rtol=1e-6 if "printed" in shape and "dictionary" not in shape else 1e-12
        )
    assert run.planned == (90 if "whole" in shape else None)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_encodings(encoding: str, tmp_path: Path) -> None:
    (run,) = read(COUNTED.encode(encoding), tmp_path).runs
    assert run.epochs == 3


def test_gzip(tmp_path: Path) -> None:
    (run,) = read(gzip.compress(COUNTED.encode()), tmp_path).runs
    assert run.epochs == 3


def test_standard_input() -> None:
    (run,) = read_history("-", stdin=io.BytesIO(COUNTED.encode())).runs
    assert run.epochs == 3


def test_the_padding_of_csv_logger(tmp_path: Path) -> None:
    (run,) = read("epoch,loss,val_loss\n0,0.5,NA\n1,0.4,0.6\n2,0.3,NA\n3,0.2,0.4\n", tmp_path).runs
    assert list(run.columns["val_loss"].epochs) == [2, 4]
    assert list(run.columns["val_loss"].values) == [0.6, 0.4]
    assert list(run.columns["loss"].epochs) == [1, 2, 3, 4]


@pytest.mark.parametrize("content", ["epoch,loss\n0,0.5\n1,nan\n2,inf\n", 'epoch,loss\n0,0.5\n1,nan\n2,"inf"\n'])
def test_nan_is_a_value(content: str, tmp_path: Path) -> None:
    (run,) = read(content, tmp_path).runs
    np.testing.assert_array_equal(run.columns["loss"].values, [0.5, np.nan, np.inf])


@pytest.mark.parametrize("shape", ["csv", "json", "python"])
def test_nan_as_pandas_and_python_write_it(shape: str, tmp_path: Path) -> None:
    content = {
        "csv": ",loss,val_loss\n0,0.5,1.0\n1,,2.0\n",
        "json": '{"loss":{"0":0.5,"1":null},"val_loss":{"0":1.0,"1":2.0}}',
        "python": "{'loss': [0.5, nan], 'val_loss': [1.0, 2.0]}",
    }
    (run,) = read(content[shape], tmp_path).runs
    np.testing.assert_array_equal(run.columns["loss"].values, [0.5, np.nan])


@pytest.mark.parametrize(("second", "runs"), [(0.3, 1), (0.9, 2)])
@pytest.mark.parametrize("header", ["", "epoch,loss\n"])
def test_appended_runs(second: float, runs: int, header: str, tmp_path: Path) -> None:
    history = read(f"epoch,loss\n0,0.91\n1,0.31\n{header}0,{second}\n1,0.2\n", tmp_path)
    assert [len(run.columns["loss"]) for run in history.runs] == ([4] if runs == 1 else [2, 2])
    assert history.last is not None
    assert history.last.calls == 3 - runs
    assert any("fit joined" in guess for guess in history.guesses) == (runs == 1)


def test_bad_lines(tmp_path: Path) -> None:
    history = read("epoch,loss\n0,0.5\n1,abc\nx,0.4\n2,0.3,7\n3\n4,0.1\n", tmp_path)
    assert history.bad.count == 4
    assert history.bad.examples == (
        "line 3: loss is no number: 'abc'",
        "line 4: no epoch: 'x'",
        "line 5: 3 cells where 2 were expected",
    )
    (run,) = history.runs
    assert list(run.columns["loss"].epochs) == [1, 5]


def test_columns_of_text_are_left_out(tmp_path: Path) -> None:
    history = read('epoch,loss,note,parts\n0,0.5,good,"[1, 2]"\n1,0.4,bad,"[1, 2]"\n', tmp_path)
    (run,) = history.runs
    assert set(run.columns) == {"loss"}
    assert not history.bad.count


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("0.5\n0.4\n0.3\n", [0.5, 0.4, 0.3]),
        ("[0.5, 0.4, 0.3]", [0.5, 0.4, 0.3]),
        ("Wall time,Step,Value\n1.7e9,0,0.5\n1.7e9,1,0.4\n", [0.5, 0.4]),
        ("[[1700000000.1, 0, 0.5], [1700000001.1, 1, 0.4]]", [0.5, 0.4]),
        ("Step,run - loss\n0,0.5\n1,0.4\n", [0.5, 0.4]),
        ("1700000000123 0.5 0\n1700000000124 0.4 1\n", [0.5, 0.4]),
        ('{"a": {"loss": [0.9]}, "b": {"loss": [0.5, 0.4]}}', [0.5, 0.4]),
        ('[{"loss": [0.9]}, {"loss": [0.5, 0.4]}]', [0.5, 0.4]),
        ('{"epoch": 1, "loss": 0.5}\nnoise\n{"epoch": 2, "loss": 0.4}\n', [0.5, 0.4]),
        ('{"loss": [0.5, 0.4], "val_loss": [0.6]}', [0.5, 0.4]),
    ],
)
def test_losses_without_more(content: str, expected: list[float], tmp_path: Path) -> None:
    history = read(content, tmp_path)
    assert history.last is not None
    assert list(history.last.columns["loss"].values) == expected


@pytest.mark.parametrize(
    ("values", "halves", "decimals"),
    [
        (["0.0057", "0.0060"], [5e-5, 5e-5], 4),
        (["0.0057", "0.006"], [5e-5, 5e-5], None),
        (["0.0057", "1.2345e-05"], [5e-5, 5e-10], 4),
        (["0.123456789012", "0.5"], [0.123456789012 * 2**-24, 0.5 * 2**-24], None),
        (["12.3", "0.1"], [0.05, 0.05], 1),
    ],
)
def test_rounding(values: list[str], halves: list[float], decimals: int | None, tmp_path: Path) -> None:
    for content in ("epoch,loss\n" + "".join(f"{place},{value}\n" for place, value in enumerate(values)),):
        (run,) = read(content, tmp_path).runs
        np.testing.assert_allclose(run.columns["loss"].rounding, halves)
        assert run.columns["loss"].decimals == decimals


def test_names() -> None:
    assert canonical("lr") == canonical("Learning Rate") == "learning_rate"
    assert canonical("Training loss") == canonical("loss/train") == "loss"
    assert canonical("valid_loss") == "val_loss"
    assert canonical("head_loss") == "head_loss"
    assert canonical_names(["loss", "train_loss"]) == ("loss", "train_loss")
    assert canonical_names(["train_loss", "loss"]) == ("train_loss", "loss")


CELLS = st.sampled_from(["0.5", "nan", "NA", "", "x", '"', "1e5", ",", "\t", "-", "[1, 2]", "inf", "0", "3"])


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.lists(CELLS, max_size=5).map(",".join), max_size=12))
def test_any_table(lines: list[str]) -> None:
    text = ["epoch,loss,val_loss", "0,0.5,0.6", *lines]
    assert is_table(text)
    drafts, bad = read_table(text)
    assert drafts
    assert bad.count <= 3 * len(lines)


@pytest.mark.slow
@settings(deadline=None)  # the machine may be busy
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=3),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["loss", "epoch", "a"]), inner),
        max_leaves=20,
    )
)
def test_any_json(content: object) -> None:
    for draft in read_json(parse_json(json.dumps(content))):
        assert draft.rows
