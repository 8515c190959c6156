"""The table as people have it, before encoding: what its columns are, and the line that exports what the model took."""

from pathlib import Path

import numpy as np
import pytest

from mlpdoctor.core.dataset import Dataset, Wanted
from mlpdoctor.core.errors import DataFileError
from mlpdoctor.readers.tables.data import open_dataset

CITIES = ("Paris", "Rome", "Oslo")
ROWS = [
    f"{n},2024-01-{n % 28 + 1:02d},{20 + n},{CITIES[n % 3]},{1e3 * n},{200 + n},{n % 5},{('no', 'yes')[n % 2]},{80 + n}"
    for n in range(1, 31)
]
HEADER = "id,date,age,city,income,price,rooms,owner,area"


@pytest.fixture
def train(tmp_path: Path) -> Path:
    path = tmp_path / "train.csv"
    path.write_text("\n".join([HEADER, *ROWS]) + "\n")
    return path


def opened(
    path: Path, features: int, target: str | None = None, classes: int = 1, drop: tuple[str, ...] = ()
) -> Dataset:
    wanted = Wanted(features, (1,), None if target is None else (target,), drop=drop, classes=classes)
    return open_dataset(str(path), wanted)


def refused(path: Path, features: int, target: str | None = None, drop: tuple[str, ...] = ()) -> str:
    with pytest.raises(DataFileError) as caught:
        opened(path, features, target, drop=drop)
    said = str(caught.value)
    assert len(said.split()) <= 60
    return said.removeprefix(f"{path}: ")


@pytest.mark.parametrize("features", [8, 9, 30])
def test_columns_that_are_no_numbers_come_first_whatever_the_counts(train: Path, features: int) -> None:
    said = refused(train, features, "price")
    assert said.startswith("this is the table before encoding: date (a date); city, owner (text); id (an id).")
    assert said.endswith("np.savez('data.npz', x=ct.transform(df), y=df['price'])")


def test_without_a_target_none_is_named(train: Path) -> None:
    assert refused(train, 9).endswith("x=ct.transform(df), y=y)")


def test_where_the_rest_fits_the_columns_are_dropped(train: Path) -> None:
    assert refused(train, 4, "price").endswith("without them the table fits the model: --drop id,date,city,owner")
    data = opened(train, 4, "price", drop=("id", "date", "city", "owner"))
    assert data.feature_names == ("age", "income", "rooms", "area")


def test_an_id_that_fits_is_kept(train: Path) -> None:
    assert refused(train, 5, "price") == (
        "these columns are no numbers a network takes: date (a date); city, owner (text); without them the table fits "
        "the model: --drop date,city,owner"
    )


def test_a_text_target_is_never_told_to_go(train: Path) -> None:
    said = refused(train, 8, "owner")
    assert "owner (text)" not in said
    assert said.endswith("y=pd.factorize(df['owner'], sort=True)[0])")
    assert "--drop" not in refused(train, 8, "city")
    data = opened(train, 4, "owner", drop=("id", "date", "city", "price"))
    (batch,) = data.batches(100)
    assert batch.targets[:4, 0].tolist() == [1.0, 0.0, 1.0, 0.0]
    assert "owner: no = 0, yes = 1, in the order of the alphabet" in data.guesses


def test_several_texts_are_classes_up_to_the_outputs(train: Path) -> None:
    rest = ("id", "date", "owner", "price")
    data = opened(train, 4, "city", classes=3, drop=rest)
    (batch,) = data.batches(100)
    assert batch.targets[:3, 0].tolist() == [2.0, 0.0, 1.0]
    assert "city: Oslo = 0, Paris = 1, Rome = 2, in the order of the alphabet" in data.guesses
    with pytest.raises(DataFileError, match=r"'city' holds 3 different texts .*, and the model has 1 output; name"):
        opened(train, 4, "city", classes=1, drop=rest)


def test_dates_are_no_target(train: Path) -> None:
    assert "the target 'date' holds dates" in refused(train, 8, "date")


def test_parquet_says_the_same(train: Path) -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    path = train.with_suffix(".parquet")
    pandas.read_csv(train).to_parquet(path)
    assert refused(path, 9, "price").startswith("this is the table before encoding: date (a date); city, owner (text)")
    data = opened(path, 4, "owner", drop=("id", "date", "city", "price"))
    (batch,) = data.batches(100)
    assert batch.targets[:4, 0].tolist() == [1.0, 0.0, 1.0, 0.0]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_text_targets_of_a_folder_are_numbered_over_all_its_parts(train: Path, suffix: str) -> None:
    folder = train.parent / "parts"
    folder.mkdir()
    for place in range(3):  # one city and both owners in each: no part alone knows the classes
        part = folder / f"part-{place}.csv"
        part.write_text("\n".join([HEADER, *ROWS[place::3]]) + "\n")
        if suffix == ".parquet":
            pandas = pytest.importorskip("pandas", reason="pandas is not installed")
            pandas.read_csv(part).to_parquet(part.with_suffix(suffix))
            part.unlink()
    assert refused(folder, 8, "price").startswith(
        "this is the table before encoding: date (a date); city, owner (text)"
    )
    data = opened(folder, 4, "city", classes=3, drop=("id", "date", "owner", "price"))
    assert "city: Oslo = 0, Paris = 1, Rome = 2, in the order of the alphabet" in data.guesses
    (batch,) = data.batches(100)
    assert batch.targets[:, 0].tolist() == [2.0] * 10 + [0.0] * 10 + [1.0] * 10
    assert batch.features[10].tolist() == [22.0, 2000.0, 2.0, 82.0]
    owners = opened(folder, 4, "owner", drop=("id", "date", "city", "price"))
    assert "owner: no = 0, yes = 1, in the order of the alphabet" in owners.guesses


def test_the_index_of_a_frame_is_no_column(train: Path) -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    path = train.with_suffix(".parquet")
    frame = pandas.read_csv(train)[["age", "income", "rooms", "area", "city"]]
    frame[frame.age != 25].to_parquet(path)
    data = opened(path, 4, classes=3)
    assert data.feature_names == ("age", "income", "rooms", "area")
    assert data.target_names == ("city",)
    assert "left out: __index_level_0__, an index of the rows" in data.guesses
    assert opened(path, 1, "city", classes=3, drop=("age", "income", "rooms")).feature_names == ("area",)


def test_a_missing_label_stays_missing(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("a,y\n1,cat\n2,\n3,dog\n4,cat\n")
    (batch,) = opened(path, 1).batches(10)
    assert np.isnan(batch.targets[1, 0])
    assert batch.targets[[0, 2, 3], 0].tolist() == [0.0, 1.0, 0.0]


def test_a_slip_among_numbers_is_still_a_slip(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("a,b,y\n" + "1,2,3\n" * 20 + "1,oops,3\n")
    with pytest.raises(DataFileError, match="line 22: column 'b' holds text, 'oops'"):
        list(opened(path, 2).batches(100))


INPUTS = (("user_input", 1), ("item_input", 2))


def arrays() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {"item_input": rng.normal(size=(9, 2)), "user_input": rng.normal(size=(9, 1)), "y": rng.normal(size=9)}


@pytest.mark.parametrize("folder", [False, True])
@pytest.mark.parametrize("target", ["y", "score"])
def test_arrays_are_matched_by_the_names_of_the_inputs(tmp_path: Path, folder: bool, target: str) -> None:  # noqa: FBT001
    held = arrays()
    held[target] = held.pop("y")
    if folder:
        path = tmp_path / "folder"
        path.mkdir()
        for name, values in held.items():
            np.save(path / f"{name}.npy", values)
    else:
        path = tmp_path / "data.npz"
        np.savez(path, allow_pickle=False, **held)
    data = open_dataset(str(path), Wanted(3, (1,), inputs=INPUTS, outputs=("score",)))
    assert data.feature_names == ("user_input", "item_input[0]", "item_input[1]")
    (batch,) = data.batches(20)
    assert np.array_equal(batch.features, np.hstack([held["user_input"], held["item_input"]]))
    assert np.array_equal(batch.targets[:, 0], held[target])
    assert data.guesses[0] == "features: the arrays user_input, item_input"


def test_which_arrays_were_used_is_said(tmp_path: Path) -> None:
    x, y = np.ones((6, 2)), np.arange(6.0)
    np.savez(tmp_path / "d.npz", X_train=x[:4], y_train=y[:4], X_test=x[4:], y_test=y[4:])
    data = open_dataset(str(tmp_path / "d.npz"), Wanted(2, (1,)))
    rest = "not read: X_test, y_test, which --validation judges"
    assert data.guesses == ("features: the array X_train", "target: the array y_train", rest)
