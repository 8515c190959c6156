"""Facts on single layers and rows of layers, on networks made by hand: what is asked of them is told in one record."""

from dataclasses import replace

import numpy as np
import pytest
from hand_built import Draft, drawn, sequential

from mlpdoctor.core.network import Layer, Network, Optimizer
from mlpdoctor.facts.network.competing_units import CompetingUnits, competing_units
from mlpdoctor.facts.network.frozen import FrozenLayers, frozen_layers
from mlpdoctor.facts.network.gains import LayerGains, beside_glorot, layer_gains
from mlpdoctor.facts.network.held_layers import HeldLayers, held_layers
from mlpdoctor.facts.network.saturating_stacks import SaturatingStacks, saturating_stacks
from mlpdoctor.facts.network.stored_moments import Gap, StoredMoments
from mlpdoctor.facts.training.dropout_gap import Dropout, DropoutGap, dropout
from mlpdoctor.statistics.moments import NormalisedMoments
from mlpdoctor.statistics.views import PerLayer


def frozen_but(network: Network, *moving: str) -> FrozenLayers:
    held = network.with_layers(lambda layer: replace(layer, trainable=layer.name in moving))
    found: FrozenLayers = frozen_layers.function(held, None, None, None, None)
    return found


def test_frozen_layers_are_those_with_weights_on_the_way_to_the_loss() -> None:
    line = sequential(3, (8, "relu"), (4, "relu"), (1, None))
    last = line.nodes[-1].layer.name
    found = frozen_but(line, last)
    assert [layer.name for layer in found.moving] == [last]
    assert len(found.frozen) == 2
    assert found.share == pytest.approx((3 * 8 + 8 + 8 * 4 + 4) / (3 * 8 + 8 + 8 * 4 + 4 + 4 + 1))
    assert not found.meant
    assert (found.floor, found.cost, found.adapts) == (None, None, False)
    assert frozen_but(line).moving == ()


def kept_at(value: float, **config: object) -> Network:
    line = sequential(2, (50, "relu"), (1, None))
    first = line.nodes[1].layer

    def change(layer: Layer) -> Layer:
        if layer.name != first.name:
            return layer
        return replace(
            layer, config={**layer.config, **config}, weights={**layer.weights, "kernel": np.full((2, 50), value)}
        )

    return line.with_layers(change)


def test_a_penalty_holds_a_kernel_at_its_size_beside_a_fresh_one() -> None:
    spec = {"class_name": "L2", "config": {"l2": 0.5}}
    found: HeldLayers = held_layers.function(kept_at(0.01, kernel_regularizer=spec), None)
    (held,) = found.weights
    assert held.by == "the penalty l2(0.5)"
    assert held.shrunk == pytest.approx(0.01 / np.sqrt(2 / 52))
    assert found.penalised == ()
    assert found.measured == ()


def test_weight_decay_worth_naming_holds_every_kernel() -> None:
    line = drawn(sequential(2, (3, "relu"), (1, None)), 0)
    strong = replace(line, optimizer=Optimizer("AdamW", {"weight_decay": 0.1}, learning_rate=1e-3))
    found: HeldLayers = held_layers.function(strong, None)
    assert [held.by for held in found.weights] == ["the weight decay of 0.1"] * 2
    mild = replace(line, optimizer=Optimizer("AdamW", {"weight_decay": 0.004}, learning_rate=1e-3))
    assert not held_layers.function(mild, None).weights


@pytest.mark.parametrize(
    ("units", "activation", "blocked"), [(1, "softmax", True), (4, "softmax", False), (4, "relu", None)]
)
def test_units_compete_where_a_softmax_enters_a_layer_with_weights(
    units: int, activation: str, *, blocked: bool
) -> None:
    found: CompetingUnits = competing_units.function(sequential(3, (units, activation), (1, None)))
    assert [one.blocked for one in found.layers] == ([] if blocked is None else [blocked])


def test_a_softmax_that_weighs_something_is_a_gate() -> None:
    draft = Draft(3)
    gate, values = draft.dense(0, 4, "softmax"), draft.dense(0, 4, "relu")
    found: CompetingUnits = competing_units.function(
        draft.network(draft.dense(draft.call("Multiply", gate, values), 1))
    )
    assert not found.layers


def test_a_stack_passes_the_product_of_slopes_and_gains() -> None:
    found: SaturatingStacks = saturating_stacks.function(drawn(sequential(3, *[(8, "sigmoid")] * 4, (1, None)), 1))
    (stack,) = found.stacks
    assert stack.activations == ("sigmoid",)
    assert stack.slopes == pytest.approx((0.25,) * 4)
    assert len(stack.gains) == 3
    assert stack.passed == pytest.approx(0.25**4 * np.prod(stack.gains))


def test_gains_multiply_and_a_small_last_layer_takes_nothing_back() -> None:
    found: LayerGains = layer_gains.function(drawn(sequential(100, (100, "tanh"), (100, "tanh"), (1, None)), 2))
    hidden = [gain.relative for gain in found.layers if not gain.output]
    last = found.layers[-1].relative
    assert found.product == pytest.approx(np.prod(hidden) * max(last, 1.0))
    assert found.worst.layer in {gain.layer for gain in found.layers}
    assert found.flat(4.0, PerLayer()) == [gain for gain in found.layers if not gain.output]
    assert found.off(30.0, 100.0, PerLayer())
    assert not found.off(1e9, 100.0, PerLayer())


def test_a_fresh_kernel_has_the_size_that_glorot_and_bengio_advise() -> None:
    layer = drawn(sequential(400, (400, "tanh"), (1, None)), 3, size=np.sqrt(2 / 800)).nodes[1].layer
    found = beside_glorot(layer)
    assert found is not None
    assert found.size == pytest.approx(found.advised, rel=0.02)
    assert beside_glorot(replace(layer, weights={})) is None


def test_the_worst_column_of_a_normalising_layer() -> None:
    weights = {"moving_mean": np.zeros(3), "moving_variance": np.ones(3)}
    layer = Layer("norm", "BatchNormalization", {"epsilon": 0.0}, weights)
    stored = StoredMoments.of(layer)
    assert stored is not None
    assert stored.fresh
    rows = np.random.default_rng(0).normal(size=(200, 3)) * [1, 1, 50] + [0, 1, 0]
    gap = stored.gap(NormalisedMoments.of_values(rows), 2.0, 4.0)
    assert gap is not None
    assert gap.column == 2
    assert Gap.numbers(gap)["ratio"] == pytest.approx(rows[:, 2].std(), rel=1e-6)
    assert stored.gap(NormalisedMoments.of_values(rows), 1e3, 1e3) is None
    assert set(Gap.numbers(None).values()) == {None}


def test_what_each_dropout_drops() -> None:
    draft = Draft(3)
    here = draft.call("Dropout", 0, name="first", rate=0.1)
    here = draft.call("Dropout", draft.dense(here, 8, "relu"), name="middle", rate=0.2)
    here = draft.call("Dropout", draft.dense(here, 8, "relu"), name="before", rate=0.3)
    here = draft.call("Dropout", draft.dense(here, 1), name="behind", rate=0.4)
    found: Dropout = dropout.function(draft.network(here))
    what = {place.layer.name: place.what for place in found.places}
    assert what == {"first": "inputs", "middle": "hidden", "before": "hidden", "behind": "answer"}


def test_a_gap_that_is_no_number_is_none_in_a_report() -> None:
    assert DropoutGap.numbers(DropoutGap(2.0, np.inf, 0.1, 5)) == {
        "loss_with_dropout": 2.0,
        "loss_without": None,
        "standard_error": 0.1,
    }
    assert DropoutGap(3.0, 1.0, 0.1, 5).share(4.0) == 0.5
    assert DropoutGap(3.0, 1.0, 0.1, 5).share(0.0) is None
