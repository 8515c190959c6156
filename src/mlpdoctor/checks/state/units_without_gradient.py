"""W305: units that get no gradient, read in the optimizer's state."""

from collections.abc import Iterator

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Draws, Evidence, Remedy, Severity
from mlpdoctor.core.network import Layer, Network
from mlpdoctor.core.text import count, part_of
from mlpdoctor.facts.ladder.loss_position import LossPosition, OpenQuestion
from mlpdoctor.facts.training.gradient_flow import SecondMoments
from mlpdoctor.nn.layers.properties import activation_of, own_activation
from mlpdoctor.nn.layers.unsupported_layers import layer_code
from mlpdoctor.statistics.unit_activity import crippled

FEWEST_UPDATES = 20
"""In fewer updates a unit that fires on rare rows may have met none of them."""


@check(
    "W305",
    Severity.ERROR,
    "{some} got no gradient in {since}",
    clears="units that never got a gradient",
    stage=Stage.UNITS,
    about=Part.UNITS,
    disturbs=Part.PACE | Part.LOSS,
    because="A103 A106 G602 U401",
    names=("a vanishing gradient", "dead ReLU units"),
    milder={Severity.WARNING: Part.UNITS, Severity.NOTE: Part.UNITS},
)
def units_without_gradient(
    layer: Layer, network: Network, moments: SecondMoments, question: OpenQuestion, *, tolerated: float = 0.1
) -> Iterator[Evidence]:
    """Units that get no gradient, read in the optimizer's state.

    Why it matters
        Adam, RMSprop and their kin keep a running mean of the squared gradient of every weight. Where it is exactly 0
        for all weights of a unit, no batch of the last updates has given it a gradient, and it does not learn. A ReLU
        that is zero on all rows is the usual reason. The file alone tells it, without the data.
    How to fix it
        Re-initialise the unit's weights: another seed, he_uniform, LeakyReLU, scaled inputs, a lower learning rate.
    When it stays silent
        A minority of units, up to the tolerated share; units whose weights behind are all zero, which get a
        gradient as soon as those move; the first 20 updates. A model that has learned in spite of it: there nothing
        is left to learn for most rows, or the other units suffice. Weights with a penalty always have a gradient, so a
        dead unit of such a layer is not seen here; U401 sees it on the data. Without data, where nobody knows how well
        the model does, it is an error only when no unit learns, and a warning only when fewer than eight are left.
    How sure
        Measured: the state of every weight is read. A running mean forgets: what it tells is about as many of the
        last updates as a gradient of the size usual in the layer needs to fade from a float32 (RMSprop 800, Adam
        80,000, fewer where gradients are small). That a unit has never learned is said only where this covers all
        updates, or its bias still has the value that training started from.
    References
        Kingma and Ba, Adam, 2015; Lu, Shin, Su and Karniadakis, Dying ReLU and initialization, 2019.
    """
    seen = moments.layers.get(layer.name)
    position = question.position
    if seen is None:
        return
    units, still = len(seen.units), int(seen.units.sum())
    updates = (network.optimizer.iterations if network.optimizer else None) or 0
    if still / units <= tolerated or updates < FEWEST_UPDATES:
        return
    live = units - still
    activation = activation_of(layer)
    since = f"all {count(updates, 'update')}" if seen.ever else f"the last {count(seen.memory or 1, 'update')}"
    some = part_of(still, units, "unit")
    rest = f" {count(live, 'unit')} of this layer {'learns' if live == 1 else 'learn'}." if live else ""
    yield Evidence(
        numbers={
            "some": some,
            "layer": layer.name,
            "still": still,
            "units": units,
            "live": live,
            "activation": "linear" if activation is None else activation.name,
            "since": since,
            "updates_remembered": updates if seen.ever else seen.memory,
            "never_learned": seen.ever,
            "still_units": tuple(int(unit) for unit in seen.units.nonzero()[0][:100]),
        },
        certainty=Certainty.MEASURED,
        severity=_severity(still / units, live, position),
        why=f"Without a gradient no update changes {'its' if still == 1 else 'their'} weights.{rest}",
        remedy=Remedy(
            f"re-initialise the weights of {layer.short_name}",
            layer_code(
                layer, units, *own_activation(layer), 'kernel_initializer="he_uniform"', 'bias_initializer="normal"'
            ),
            Draws((layer.name,), "he_uniform", "normal"),
        ),
        strength=still / units,
        verdict=f"{some[0].upper()}{some[1:]} of {layer.name} "
        + (
            f"{'has' if still == 1 else 'have'} never learned: "
            if seen.ever
            else f"no longer {'learns' if still == 1 else 'learn'}: "
        )
        + f"no gradient in {since}.",
    )


def _severity(share: float, live: int, position: LossPosition | None) -> Severity:
    if live == 0:
        return Severity.ERROR
    lame = crippled(share, live)
    if position is None:
        return Severity.WARNING if lame else Severity.NOTE
    return Severity.ERROR if lame else Severity.WARNING
