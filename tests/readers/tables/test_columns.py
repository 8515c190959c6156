"""Which column plays which part."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpdoctor.core.dataset import Wanted
from mlpdoctor.core.errors import DataFileError
from mlpdoctor.readers.tables.column_names import Columns, find_columns, listed, unique
from mlpdoctor.readers.tables.columns import Roles, choose_roles


def roles(names: str, wanted: Wanted, *, text: str = "", marked: tuple[int, ...] = ()) -> Roles:
    return choose_roles(Columns("t.csv", tuple(names.split()), frozenset(text.split()), marked), wanted)


def refusal(names: str, wanted: Wanted, *, text: str = "", marked: tuple[int, ...] = ()) -> str:
    with pytest.raises(DataFileError) as caught:
        roles(names, wanted, text=text, marked=marked)
    said = str(caught.value)
    assert said.startswith("t.csv: ")
    assert said.isprintable()
    return said.removeprefix("t.csv: ")


@pytest.mark.parametrize(
    ("names", "wanted", "features", "targets", "guesses"),
    [
        ("a b c", Wanted(2, (1,)), "a b", "c", ["target: the last column"]),
        ("a b c", Wanted(1, (2,)), "a", "b c", ["targets: the last 2 columns"]),
        ("a b c", Wanted(1), "a", "b c", ["targets: the last 2 columns"]),
        ("a b c", Wanted(None), "a b", "c", ["target: the last column"]),
        ("a b c", Wanted(None, (2,)), "a", "b c", ["targets: the last 2 columns"]),
        ("a b c", Wanted(2, (3, 1)), "a b", "c", ["target: the last column"]),
        ("a b y", Wanted(2, (1,)), "a b", "y", ["target: the last column"]),
        ("label a b", Wanted(2, (1,)), "a b", "label", ["target: the column called label"]),
        ("Y a b", Wanted(2, (1,)), "a b", "Y", ["target: the column called Y"]),
        ("y1 y2 a", Wanted(1, (2,)), "a", "y1 y2", ["targets: the columns called y1, y2"]),
        ("y label a", Wanted(2, (1,)), "y label", "a", ["target: the last column"]),
        (
            "id a b",
            Wanted(1, (1,)),
            "a",
            "b",
            ["target: the last column", "left out: id, an index of the rows"],
        ),
        ("id a b", Wanted(2, (1,)), "id a", "b", ["target: the last column"]),
        ("id a b", Wanted(1), "a", "b", ["target: the last column", "left out: id, an index of the rows"]),
        ("a b c d", Wanted(2, (1,), drop=("a",)), "b c", "d", ["target: the last column"]),
        ("a b c", Wanted(2, (1,), target=("a",)), "b c", "a", []),
        ("a b c", Wanted(2, (1,), target=("-3",)), "b c", "a", []),
        ("id b c", Wanted(1, (1,), target=("3",)), "b", "c", ["left out: id, an index of the rows"]),
        ("a b c d", Wanted(2, (1,), feature_names=("c", "b")), "c b", "d", ["target: the last column"]),
        (
            "a b c d",
            Wanted(2, (2, 1), feature_names=("c", "b")),
            "c b",
            "a d",
            ["targets: the last 2 columns"],
        ),
        ("a b c d", Wanted(1, (1,), target=("a",), feature_names=("d",)), "d", "a", []),
        ("a b", Wanted(2, (2,), target=("a", "b"), feature_names=("a", "b")), "a b", "a b", []),
        ("a b", Wanted(2, (2,)), "a b", "a b", ["targets: the features themselves, as in an autoencoder"]),
        ("3 2 1", Wanted(2, (1,), target=("1",)), "3 2", "1", []),
        (
            "a b y1 y2 y3",
            Wanted(2, (1,)),
            "a b",
            "y1 y2 y3",
            ["targets: y1, y2, y3, and the model's outputs ask for 1"],
        ),
        (
            "a b quality1 quality2 quality3",
            Wanted(2, (1,)),
            "a b",
            "quality1 quality2 quality3",
            ["targets: quality1, quality2, quality3, and the model's outputs ask for 1"],
        ),
        (
            "a b c d e",
            Wanted(2, (1,), target=("c", "d", "e")),
            "a b",
            "c d e",
            ["target columns: 3, and the model's outputs ask for 1"],
        ),
    ],
)
def test_parts(names: str, wanted: Wanted, features: str, targets: str, guesses: list[str]) -> None:
    chosen = roles(names, wanted)
    words = names.split()
    assert " ".join(words[place] for place in chosen.features) == features
    assert " ".join(words[place] for place in chosen.targets) == targets
    assert list(chosen.guesses) == guesses


@pytest.mark.parametrize("names", ["a b c d e", "x1 x2 x3 x4 x5", "a b q1 q3 q4", "a q1 q2 q3 q4"])
def test_columns_over_are_no_targets_without_a_name_of_their_own(names: str) -> None:
    assert "2 too many" in refusal(names, Wanted(2, (1,)))


def test_a_file_may_mark_its_targets() -> None:
    assert roles("a b c", Wanted(2, (1,)), marked=(0,)) == Roles((1, 2), (0,))
    assert roles("a b c", Wanted(2, (1,), target=("b",)), marked=(0,)) == Roles((0, 2), (1,))
    assert "1 feature " in refusal("a b c", Wanted(1, (1,)), marked=(0,))


@pytest.mark.parametrize(
    ("names", "wanted", "expected"),
    [
        (
            "a b price",
            Wanted(2, target=("prise",)),
            "--target 'prise' is neither .* did you mean price[?] the columns are",
        ),
        ("a b c", Wanted(2, target=("4",)), "nor a position from 1 to 3"),
        ("a b c", Wanted(2, target=("0",)), "nor a position from 1 to 3"),
        ("a b c", Wanted(2, drop=("-4",)), "--drop '-4' is neither"),
        ("a b c", Wanted(2, target=("c", "3")), "--target names the column 'c' twice"),
        ("a b c", Wanted(2, target=("c",), drop=("c",)), "--target and --drop both name the column 'c'"),
        ("a b c", Wanted(2, target=()), "--target names no column"),
        ("a b c", Wanted(2, feature_names=("a",)), "--features names 1 column, and the model takes 2"),
        (
            "a b c",
            Wanted(2, (3, 1), target=("a", "b")),
            "--target names 2 columns, and the model's outputs ask for 3 or 1",
        ),
        (
            "a b",
            Wanted(2, (1,)),
            "no target column is left: it has 2 columns, and the model takes all of them",
        ),
        ("a", Wanted(None, (1,)), "has 1 column, and the model needs at least one feature and 1 target"),
        ("a b", Wanted(2, (1,), feature_names=("a", "b")), "--features leaves 0 columns for the target"),
        (
            "a b c d",
            Wanted(1, (1,)),
            "has 4 columns, .* 1 feature and 1 target: 2 too many; the last 3 .* one-hot labels",
        ),
        ("id b c d", Wanted(1, (1,)), "2 too many; the first column numbers the rows: .* --drop 'id'"),
        (
            "a b",
            Wanted(5, (1,)),
            "has 2 columns, .* 5 features and 1 target: 4 too few; columns were added in training",
        ),
        (
            "a b c",
            Wanted(2, (3,)),
            "2 too few; labels are in one column where this loss needs 3: one-hot encode",
        ),
        (
            "a b c d",
            Wanted(3, (1,), drop=("a",)),
            "no target column is left: it has 3 columns left after --drop",
        ),
        ("a b c d", Wanted(4, (1,), drop=("a",)), "2 too few; --drop leaves out too much"),
        ("a b c d", Wanted(2, (1,), target=("a",)), "has 4 columns, .*: 1 too many"),
    ],
)
def test_refusals(names: str, wanted: Wanted, expected: str) -> None:
    said = refusal(names, wanted)
    assert re.search(expected, said), said


def test_text_columns_are_named_when_the_counts_do_not_fit() -> None:
    many = refusal("a sex b c", Wanted(2, (1,)), text="sex")
    assert "cannot have taken text as it stands (sex): leave it out with --drop" in many
    few = refusal("a sex b", Wanted(5, (1,)), text="sex")
    assert "text columns (sex) became several columns in training, one-hot encoded" in few


@given(st.integers(1, 9), st.integers(1, 9), st.data())
def test_an_exact_count_always_gives_the_last_columns(features: int, targets: int, data: st.DataObject) -> None:
    names = data.draw(
        st.lists(
            st.from_regex(r"f[a-z]{4}", fullmatch=True),
            min_size=features + targets,
            max_size=features + targets,
            unique=True,
        )
    )
    chosen = choose_roles(Columns("t", tuple(names)), Wanted(features, (targets,)))
    assert chosen.features == tuple(range(features))
    assert chosen.targets == tuple(range(features, features + targets))


some_names = st.lists(
    st.sampled_from(["id", "index", "a", "b", "c", "y", "label", "y1", "out"]),
    min_size=1,
    max_size=7,
    unique=True,
)


@given(
    some_names,
    st.builds(
        Wanted,
        st.none() | st.integers(1, 6),
        st.lists(st.integers(1, 4), max_size=2, unique=True).map(tuple),
        st.none() | st.lists(st.sampled_from(["a", "y", "1", "-1"]), max_size=2).map(tuple),
        st.none() | st.lists(st.sampled_from(["b", "c", "2"]), max_size=2).map(tuple),
        st.lists(st.sampled_from(["id", "b", "1"]), max_size=2).map(tuple),
    ),
)
def test_what_is_chosen_fits_what_is_wanted(names: list[str], wanted: Wanted) -> None:
    columns = Columns("t", tuple(names))
    try:
        chosen = choose_roles(columns, wanted)
    except DataFileError:
        return
    dropped = set(find_columns(columns, wanted.drop, "--drop"))
    used = set(chosen.features) | set(chosen.targets)
    assert used <= set(range(len(names))) - dropped
    assert chosen.features
    assert chosen.targets
    assert len(set(chosen.features)) == len(chosen.features)
    assert wanted.features in {None, len(chosen.features)}
    assert not wanted.targets or len(chosen.targets) in wanted.targets
    if wanted.target is not None:
        assert chosen.targets == find_columns(columns, wanted.target, "--target")
    if wanted.feature_names is not None:
        assert chosen.features == find_columns(columns, wanted.feature_names, "--features")
    unused = len(names) - len(dropped) - len(used)
    assert unused == 0 or wanted.feature_names is not None or any("left out" in guess for guess in chosen.guesses)


@given(st.lists(st.text(max_size=5)))
def test_unique_names(names: list[str]) -> None:
    made = unique(names)
    assert len(set(made)) == len(made) == len(names)
    assert all(name and name.isprintable() for name in made)
    assert unique(made) == made


def test_long_lists_are_shortened() -> None:
    assert listed([str(place) for place in range(100)]) == "0, 1, 2, 3, 4, 5, 6, ..., 99"
