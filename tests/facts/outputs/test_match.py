"""Every loss beside every kind of target, cell by cell, against a table written down by hand."""

import numpy as np
import pytest
from output_heads import output_head
from target_kinds import told

from mlpdoctor.core.network import Array, Config, LossConfig
from mlpdoctor.facts.outputs.fit import Harm
from mlpdoctor.facts.outputs.labels import Kind
from mlpdoctor.facts.outputs.match import match
from mlpdoctor.nn.expectation import PLAIN, first_name
from mlpdoctor.nn.output_head import LabelEncoding, OutputHead

UNITS = 4
RNG = np.random.default_rng(0)
NUMBERS = RNG.integers(0, UNITS, 400).astype(float)
BINARY = (RNG.random(400) < 0.3).astype(float)
LOGITS = {"from_logits": True}

ONE_COLUMN: dict[str, Array] = {
    "binary": BINARY,
    "signs": 2 * BINARY - 1,
    "one-two": BINARY + 1,
    "greys": 255 * BINARY,
    "class": NUMBERS,
    "class from 1": NUMBERS + 1,
    "class / 255": NUMBERS / 255,
    "class too many": RNG.integers(0, 6, 400).astype(float),
    "class below 0": NUMBERS - 2,
    "unit": RNG.random(400),
    "count": RNG.poisson(2.0, 400).astype(float),
    "positive": RNG.gamma(2.0, 1.0, 400),
    "real": RNG.normal(size=400),
    "constant": np.ones(400),
}
COLUMNS: dict[str, Array] = {
    "one-hot": np.eye(UNITS)[NUMBERS.astype(int)],
    "one-hot, one class missing": np.eye(UNITS)[np.minimum(NUMBERS, 2).astype(int)],
    "several": (RNG.random((400, UNITS)) < 0.4).astype(float),
    "shares": RNG.dirichlet(np.ones(UNITS), 400),
    "units": RNG.random((400, UNITS)),
    "signs": np.where(RNG.random((400, UNITS)) < 0.4, 1.0, -1.0),
    "counts": RNG.poisson(2.0, (400, UNITS)).astype(float),
    "positives": RNG.gamma(2.0, 1.0, (400, UNITS)),
    "reals": RNG.normal(size=(400, UNITS)),
}

R = "."
ONE_UNIT: dict[str, dict[str, str]] = {
    # A single unit and a single column. A capital letter is an error, w a warning, n a note, . right.
    "labels": {
        "binary": R, "signs": "5E", "one-two": "5E", "greys": "5E", "class": "6E", "class from 1": "6E",
        "class / 255": "6E", "class too many": "6E", "class below 0": "7E", "unit": R, "count": "6E|7E",
        "positive": "7E", "real": "7E", "constant": R,
    },
    "margin": {
        "binary": R, "signs": R, "one-two": "5E", "greys": "5E", "class": "6E", "class from 1": "6E",
        "class / 255": "6E", "class too many": "6E", "class below 0": "7E", "unit": "7E", "count": "7E",
        "positive": "7E", "real": "7E", "constant": R,
    },
    "number": {
        "binary": "7w", "signs": R, "one-two": R, "greys": "7w", "class": "7w", "class from 1": R, "class / 255": R,
        "class too many": "7w", "class below 0": R, "unit": R, "count": R, "positive": R, "real": R, "constant": R,
    },
    "from 0": {
        "binary": R, "signs": "7E", "one-two": R, "greys": R, "class": R, "class from 1": R, "class / 255": R,
        "class too many": R, "class below 0": "7E", "unit": R, "count": R, "positive": R, "real": "7E", "constant": R,
    },
    "percent": {
        "binary": "7E", "signs": R, "one-two": R, "greys": "7E", "class": "7E", "class from 1": R,
        "class / 255": "7E", "class too many": "7E", "class below 0": "7E", "unit": R, "count": "7E", "positive": R,
        "real": R, "constant": R,
    },
    "any": dict.fromkeys(ONE_COLUMN, R),
}  # fmt: skip
SPARSE = {
    "binary": "6n", "signs": "5E", "one-two": "5n", "greys": "5E", "class": R, "class from 1": "5E",
    "class / 255": "5E", "class too many": "6E", "class below 0": "5E", "unit": "7E", "count": "6E", "positive": "7E",
    "real": "7E", "constant": R,
}  # fmt: skip
SEVERAL: dict[str, dict[str, str]] = {
    # As many columns as units.
    "labels": {
        "one-hot": "2n", "one-hot, one class missing": "2n", "several": R, "shares": R, "units": R, "signs": "5E",
        "counts": "7E", "positives": "7E", "reals": "7E",
    },
    "overlap": {
        "one-hot": R, "one-hot, one class missing": R, "several": R, "shares": R, "units": R, "signs": "5E",
        "counts": "7E", "positives": "7E", "reals": "7E",
    },
    "classes": {
        "one-hot": R, "one-hot, one class missing": "6n", "several": "7E", "shares": R, "units": "7E", "signs": "5E",
        "counts": "7E", "positives": "7E", "reals": "7E",
    },
    "margin": {
        "one-hot": R, "one-hot, one class missing": R, "several": R, "shares": "7E", "units": "7E", "signs": R,
        "counts": "7E", "positives": "7E", "reals": "7E",
    },
    "number": {
        "one-hot": "7w", "one-hot, one class missing": "7w", "several": "7w", "shares": R, "units": R, "signs": R,
        "counts": R, "positives": R, "reals": R,
    },
    "from 0": {
        "one-hot": R, "one-hot, one class missing": R, "several": R, "shares": R, "units": R, "signs": "7E",
        "counts": R, "positives": R, "reals": "7E",
    },
    "any": dict.fromkeys(COLUMNS, R),
}  # fmt: skip
GROUP = {
    "binarycrossentropy": ("sigmoid", "labels", "labels"),
    "binaryfocalcrossentropy": ("sigmoid", "labels", "labels"),
    "categoricalcrossentropy": ("softmax", "any", "classes"),
    "categoricalfocalcrossentropy": ("softmax", "any", "classes"),
    "categoricalgeneralizedcrossentropy": ("softmax", "any", "classes"),
    "sparsecategoricalcrossentropy": ("softmax", "", ""),
    "kldivergence": ("softmax", "any", "classes"),
    "categoricalhinge": ("linear", "any", "classes"),
    "poisson": ("exponential", "from 0", "from 0"),
    "meansquarederror": ("linear", "number", "number"),
    "meanabsoluteerror": ("linear", "number", "number"),
    "meanabsolutepercentageerror": ("linear", "percent", "any"),
    "meansquaredlogarithmicerror": ("linear", "from 0", "from 0"),
    "huber": ("linear", "number", "number"),
    "logcosh": ("linear", "number", "number"),
    "hinge": ("tanh", "margin", "margin"),
    "squaredhinge": ("tanh", "margin", "margin"),
    "cosinesimilarity": ("linear", "any", "any"),
    "dice": ("sigmoid", "labels", "overlap"),
    "tversky": ("sigmoid", "labels", "overlap"),
}
"""The activation that goes with a loss, and its row of the tables for one unit and for several."""


def output(loss: str, units: int, activation: str | None = None, options: Config | None = None) -> OutputHead:
    config = LossConfig(loss, options or {})
    return output_head(config, activation or GROUP[first_name(config)][0], units)


def code(one: OutputHead, values: Array, encoding: LabelEncoding = LabelEncoding.USUAL) -> str:
    misfit = match(one, told(values), encoding)
    if misfit is None:
        return R
    return f"{misfit.code[-1]}{ {Harm.BROKEN: 'E', Harm.COSTLY: 'w', Harm.UNUSUAL: 'n'}[misfit.harm] }"


def test_the_table_names_every_loss() -> None:
    assert GROUP.keys() == PLAIN.keys()


@pytest.mark.parametrize("options", [{}, LOGITS], ids=["plain", "logits"])
@pytest.mark.parametrize("loss", GROUP)
def test_every_cell_of_one_unit(loss: str, options: Config) -> None:
    if loss == "sparsecategoricalcrossentropy":
        pytest.skip("has a test of its own")
    row = ONE_UNIT[GROUP[loss][1]]
    assert row.keys() == ONE_COLUMN.keys()
    one = output(loss, 1, "linear" if options else None, options)
    wrong = {name: (code(one, values), row[name]) for name, values in ONE_COLUMN.items()}
    assert {name: pair for name, pair in wrong.items() if pair[0] not in pair[1].split("|")} == {}


@pytest.mark.parametrize("options", [{}, LOGITS], ids=["plain", "logits"])
@pytest.mark.parametrize("loss", GROUP)
def test_every_cell_of_several_units(loss: str, options: Config) -> None:
    if loss == "sparsecategoricalcrossentropy":
        pytest.skip("has a test of its own")
    row = SEVERAL[GROUP[loss][2]]
    assert row.keys() == COLUMNS.keys()
    one = output(loss, UNITS, "linear" if options else None, options)
    wrong = {name: (code(one, values), row[name]) for name, values in COLUMNS.items()}
    assert {name: pair for name, pair in wrong.items() if pair[0] != pair[1]} == {}


@pytest.mark.parametrize("options", [{}, LOGITS], ids=["plain", "logits"])
def test_every_cell_of_class_numbers(options: Config) -> None:
    one = output("sparse_categorical_crossentropy", UNITS, "linear" if options else None, options)
    wrong = {name: (code(one, values), SPARSE[name]) for name, values in ONE_COLUMN.items()}
    assert {name: pair for name, pair in wrong.items() if pair[0] != pair[1]} == {}


@pytest.mark.parametrize(
    "loss", ["categorical_crossentropy", "kl_divergence", "categorical_hinge", "binary_crossentropy"]
)
def test_class_numbers_where_a_column_for_each_class_is_due(loss: str) -> None:
    one = output(loss, UNITS)
    assert code(one, NUMBERS, LabelEncoding.NUMBER) == "5w"
    assert code(one, NUMBERS + 1, LabelEncoding.NUMBER) == "5E"
    assert code(one, ONE_COLUMN["class too many"], LabelEncoding.NUMBER) == "6E"
    assert code(one, ONE_COLUMN["real"], LabelEncoding.NUMBER) == "7E"


def test_a_column_for_each_class_where_class_numbers_are_due() -> None:
    one = output("sparse_categorical_crossentropy", UNITS)
    assert code(one, COLUMNS["one-hot"], LabelEncoding.ONE_HOT) == "5w"
    assert code(one, COLUMNS["reals"], LabelEncoding.ONE_HOT) == "7E"


def test_one_column_beside_several_units_of_numbers() -> None:
    assert code(output("mse", UNITS), ONE_COLUMN["real"], LabelEncoding.REPEATED) == "6E"


def test_more_columns_than_units() -> None:
    assert code(output("mse", 1), COLUMNS["reals"]) == "6E"
    assert code(output("categorical_crossentropy", 3), COLUMNS["one-hot"]) == "6E"


@pytest.mark.parametrize(
    ("activation", "loss", "kind", "cell"),
    [
        ("softmax", "binary_crossentropy", "several", "2E"),
        ("softmax", "binary_crossentropy", "one-hot", R),  # the activation alone says it: O202 of the other table
        ("softmax", "mse", "one-hot", R),  # likewise
        ("softmax", "mse", "shares", R),
        ("softmax", "mse", "reals", "2E"),
        ("sigmoid", "mse", "units", R),
        ("sigmoid", "binary_crossentropy", "units", R),
        ("softmax", "kl_divergence", "shares", R),
        ("sigmoid", "binary_crossentropy", "several", R),
    ],
)
def test_what_the_activation_changes(activation: str, loss: str, kind: str, cell: str) -> None:
    assert code(output(loss, UNITS, activation), COLUMNS[kind]) == cell


def test_every_kind_of_target_is_in_the_tables() -> None:
    assert {told(values).kind for values in (*ONE_COLUMN.values(), *COLUMNS.values())} == set(Kind)
