"""What the file says about losses and training, and what is said when it says nothing."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hand_built import Draft, drawn, sequential

from mlpdoctor.core.check import Absent
from mlpdoctor.core.network import Layer, LossConfig, Network, Node, Optimizer
from mlpdoctor.facts.outputs.heads import heads as heads_fact
from mlpdoctor.facts.training.training import Trained, Training
from mlpdoctor.facts.training.training import trained as trained_fact
from mlpdoctor.facts.training.training import training as training_fact
from mlpdoctor.nn.heads import Heads
from mlpdoctor.nn.losses.errors import MeanAbsoluteError, MeanSquaredError


def heads(network: Network) -> Any:  # noqa: ANN401  Heads or Absent
    return heads_fact.function(network)


def two_heads(**changes: Any) -> Network:  # noqa: ANN401
    draft = Draft(3)
    network = draft.network(draft.dense(0, 1, name="price"), draft.dense(0, 2, name="size"))
    return replace(network, **changes)


def test_one_output_is_named_by_its_loss() -> None:
    found = heads(sequential(2, (3, None)))
    assert isinstance(found, Heads)
    assert [part.name for part in found.parts] == ["dense_1[0]", "dense_1[1]", "dense_1[2]"]
    assert [part.weight for part in found.parts] == pytest.approx((1 / 3,) * 3)
    assert found.label == "mean squared error"


def test_outputs_add_up_by_their_weights_and_columns_are_averaged() -> None:
    losses = (LossConfig("mae"), LossConfig("MeanSquaredError"))
    found = heads(two_heads(losses=losses, loss_weights=(0.25, 3.0)))
    assert [part.name for part in found.parts] == ["price", "size[0]", "size[1]"]
    assert [type(part.loss) for part in found.parts] == [MeanAbsoluteError, MeanSquaredError, MeanSquaredError]
    assert [part.weight for part in found.parts] == [0.25, 1.5, 1.5]
    assert found.total((4.0, 1.0, 3.0)) == 0.25 * 4 + 3 * 2
    assert found.label == "0.25 x mean absolute error of price + 3 x mean squared error of size"


def test_equal_losses_of_several_outputs_are_said_once() -> None:
    assert heads(two_heads(losses=(LossConfig("mse"),) * 2)).label == "sum over 2 outputs of mean squared error"
    draft = Draft(2)
    alike = draft.network(draft.dense(0, 1, name="a"), draft.dense(0, 1, name="b"))
    assert heads(alike).label == "sum over 2 outputs of mean squared error"


def test_a_missing_loss_says_how_to_name_one() -> None:
    found = heads(two_heads(losses=(LossConfig("mse"), None)))
    assert isinstance(found, Absent)
    assert "--loss mse" in found.reason
    assert found.applicable


def test_a_negative_loss_weight_has_no_ladder() -> None:
    found = heads(two_heads(losses=(LossConfig("mse"),) * 2, loss_weights=(1.0, -1.0)))
    assert isinstance(found, Absent)
    assert "negative loss weight" in found.reason


def test_a_loss_of_somebodys_own_is_named() -> None:
    found = heads(two_heads(losses=(LossConfig("my_loss"), LossConfig("mse"))))
    assert isinstance(found, Absent)
    assert "'my_loss'" in found.reason
    assert "not one of Keras's own" in found.reason


def test_an_output_of_unknown_width_is_named() -> None:
    network = sequential(2, (1, None))
    open_ended = replace(network, nodes=(network.nodes[0], Node(network.nodes[1].layer, (0,), None)))
    found = heads(open_ended)
    assert isinstance(found, Absent)
    assert "'dense_1'" in found.reason


def trained_network(updates: int | None, **weights: tuple[Any, Any]) -> Network:
    """One Dense layer; each weight given as (values, initializer). Without updates the file has no optimizer."""
    stored = {name: np.asarray(values, np.float32) for name, (values, _) in weights.items()}
    config = {f"{name}_initializer": start for name, (_, start) in weights.items()}
    layer = Layer("dense", "Dense", {"units": 1, **config}, stored)
    network = sequential(1, (1, None))
    optimizer = None if updates is None else Optimizer("Adam", iterations=updates)
    return replace(network, nodes=(network.nodes[0], Node(layer, (0,), (1,))), optimizer=optimizer)


def training(network: Network) -> Training:
    found: Training = training_fact.function(network)
    return found


KERNEL = ([[0.3]], "glorot_uniform")
ZEROS = {"class_name": "Zeros", "config": {}}
TENTH = {"class_name": "Constant", "config": {"value": 0.1}}


@pytest.mark.parametrize(
    ("updates", "bias", "never"),
    [
        (0, ([0.0], "zeros"), True),
        (0, ([0.0], ZEROS), True),
        (0, ([1.0], "ones"), True),
        (0, ([0.1], TENTH), True),
        (0, ([0.5], "zeros"), False),  # a loop of the user's own, or set_weights
        (0, ([0.5], "random_normal"), True),  # nothing but the counter speaks
        (None, ([0.0], "zeros"), True),
        (None, ([0.5], "zeros"), False),
        (None, ([0.5], "random_normal"), False),  # nothing speaks at all
        (7, ([0.0], "zeros"), False),
        (7, ([0.5], "zeros"), False),
    ],
)
def test_whether_a_model_was_ever_trained(updates: int | None, bias: tuple[Any, Any], never: bool) -> None:  # noqa: FBT001
    found = training(trained_network(updates, kernel=KERNEL, bias=bias))
    assert found.updates == updates
    assert found.never == never
    told = trained_fact.function(found)
    assert isinstance(told, Absent) if never else told == Trained(updates)


def test_the_reason_why_training_is_not_judged_is_no_lack_of_an_answer() -> None:
    told = trained_fact.function(Training(updates=0, fresh=True))
    assert not told.applicable
    assert "not been trained" in told.reason


def test_one_weight_that_moved_is_enough() -> None:
    found = training(trained_network(None, kernel=KERNEL, bias=([0.0, 1e-7], "zeros")))
    assert found.fresh is False


def test_a_frozen_layer_says_nothing() -> None:
    network = trained_network(None, kernel=KERNEL, bias=([0.0], "zeros"))
    frozen = replace(network.nodes[1].layer, trainable=False)
    assert training(replace(network, nodes=(network.nodes[0], Node(frozen, (0,), (1,))))).fresh is None


@pytest.mark.parametrize(
    "odd", [None, 3, ["zeros"], {"class_name": "Mine"}, {"class_name": "Constant", "config": None}]
)
def test_an_initializer_that_cannot_be_read_says_nothing(odd: Any) -> None:  # noqa: ANN401
    assert training(trained_network(None, kernel=KERNEL, bias=([0.0], odd))).fresh is None


def test_random_kernels_alone_say_nothing() -> None:
    assert training(drawn(sequential(2, (3, "relu"), (1, None)), 0)).fresh is None
