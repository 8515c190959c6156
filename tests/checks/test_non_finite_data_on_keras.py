"""D701, with Keras: every missing or infinite cell is counted, by column; the rest is worked out without those rows."""

from pathlib import Path

import numpy as np
import pytest
from model_cases import (
    L,
    Model,
    compiled,
    examined,
    number,
    only,
    save_data,
    stack,
    waves,
)

from mlpdoctor.core.errors import InputError
from mlpdoctor.core.finding import Severity
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question


def network(width: int = 3, outputs: int = 1) -> Model:
    """A fresh network, whose own loss no rule speaks of."""
    return compiled(stack(width, L.Dense(4, "relu"), L.Dense(outputs)), updates=0)


@pytest.mark.parametrize("cell", ["", "NaN", "NA", "inf"])
def test_cells_of_a_text_file_that_are_no_numbers(cell: str, tmp_path: Path) -> None:
    x, y = waves(20, 3, seed=7)
    path = Path(save_data(tmp_path / "data.csv", x, y))
    lines = path.read_text().splitlines()
    lines[5] = ",".join([cell, *lines[5].split(",")[1:]])
    path.write_text("\n".join(lines) + "\n")
    network().save(tmp_path / "model.keras")
    finding = only(diagnose(Question(str(tmp_path / "model.keras"), str(path))), "D701")
    assert (number(finding, "row"), finding.evidence.numbers["columns"]) == (5, {"x1": 1})


def test_it_needs_neither_a_loss_nor_a_network_it_can_run(tmp_path: Path) -> None:
    x, y = waves(50, 4, seed=10)
    x[0, 0] = np.nan
    model = stack(4, L.Reshape((4, 1)), L.Conv1D(3, 2), L.Flatten(), L.Dense(1))
    assert only(examined(tmp_path, model, x, y, rules=("D701",)), "D701").severity is Severity.ERROR


@pytest.mark.parametrize("data", ["csv", "parquet", "feather"])
def test_a_column_of_words_is_named_with_what_to_do(data: str, tmp_path: Path) -> None:
    x, y = waves(30, 2, seed=11)
    table = pytest.importorskip("pandas").DataFrame(
        {"a": x[:, 0], "city": ["Rome", "Oslo"] * 15, "b": x[:, 1], "y": y[:, 0]}
    )
    path = tmp_path / f"data.{data}"
    {"csv": lambda p: table.to_csv(p, index=False), "parquet": table.to_parquet, "feather": table.to_feather}[data](
        path
    )
    network().save(tmp_path / "model.keras")
    with pytest.raises(InputError, match=r"table before encoding: city \(text\).*np\.savez"):
        diagnose(Question(str(tmp_path / "model.keras"), str(path)))


@pytest.mark.parametrize("data", ["npz", "parquet"])
def test_numbers_stored_as_text_are_told_from_words(data: str, tmp_path: Path) -> None:
    x, y = waves(30, 3, seed=12)
    if data == "npz":
        np.savez(path := tmp_path / "data.npz", x=x.astype(str), y=y)
    else:
        table = pytest.importorskip("pandas").DataFrame(
            {"a": x[:, 0], "b": x[:, 1].astype(str), "c": x[:, 2], "y": y[:, 0]}
        )
        table.to_parquet(path := tmp_path / "data.parquet")
    network().save(tmp_path / "model.keras")
    with pytest.raises(InputError, match=r"holds numbers stored as text, '.*astype\(float\)"):
        diagnose(Question(str(tmp_path / "model.keras"), str(path)))


def test_a_word_among_numbers_may_stand_for_a_missing_value(tmp_path: Path) -> None:
    x, y = waves(20, 3, seed=13)
    path = Path(save_data(tmp_path / "data.csv", x, y))
    lines = path.read_text().splitlines()
    lines[8] = ",".join(["unknown", *lines[8].split(",")[1:]])
    path.write_text("\n".join(lines) + "\n")
    network().save(tmp_path / "model.keras")
    with pytest.raises(InputError, match=r"line 9: column 'x1' holds text, 'unknown'.*missing value"):
        diagnose(Question(str(tmp_path / "model.keras"), str(path)))
