"""W305: units that the optimizer has never seen a gradient for."""

from collections.abc import Iterator

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Layer, Network
from mlpdoctor.core.text import count, quoted
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.training.second_moments import SecondMoments, Untouched
from mlpdoctor.nn.layers.properties import activation_of

NARROW = 8
"""With fewer live units than this a layer misses each one that does not learn."""
FEWEST_UPDATES = 20
"""In fewer updates a unit that fires on rare rows may have met none of them."""
HALF = 0.5
"""A layer in which half the units do not learn is another layer than its user drew."""


@check(
    "W305",
    Severity.ERROR,
    "{still} of {units} {activation} units have had no gradient in {since}",
    clears="units without a gradient",
    stage=Stage.UNITS,
    about=Part.UNITS,
    disturbs=Part.PACE | Part.LOSS,
    because="A103 A106 G602 U401",
)
def units_without_gradient(
    layer: Layer, network: Network, moments: SecondMoments, position: LossPosition | None, *, tolerated: float = 0.1
) -> Iterator[Evidence]:
    """Units that the optimizer has never seen a gradient for.

    Why it matters
        Adam, RMSprop and their kin keep a running mean of the squared gradient of every weight. Where it is
        exactly 0 for all weights of a unit, no row of any batch has ever given it a gradient: it is where it
        was drawn, and it stays there. A ReLU that is zero on all rows is the usual reason. The file alone tells
        it, without the data.
    Remedy
        Draw its weights anew: another seed, he_uniform, LeakyReLU, scaled inputs, a lower learning rate.
    Stays quiet on
        A minority of units, up to the tolerated share; units whose weights behind are all zero, which get a
        gradient as soon as those move; the first 20 updates. Weights with a penalty always
        have a gradient, so a dead unit of such a layer is not seen here; U401 sees it on the data. In a model
        that does as well as anything is known to it is a note; without data, where nobody knows how well it does, an
        error only when no unit learns, and a warning only when fewer than eight are left.
    Certainty
        Measured: the state of every weight is read. A unit that died later keeps a decaying memory of its
        gradients and is not counted, until that has faded from float32.
    References
        Kingma and Ba, Adam, 2015; Lu, Shin, Su and Karniadakis, Dying ReLU and initialization, 2019.
    """
    seen = moments.layers.get(layer.name)
    if seen is None:
        return
    units, still = len(seen.units), int(seen.units.sum())
    updates = network.optimizer.iterations if network.optimizer else None
    if still / units <= tolerated or (updates or 0) < FEWEST_UPDATES:
        return
    live = units - still
    activation = activation_of(layer)
    name = layer.short_name
    shown = "" if activation is None or activation.affine else f', activation="{activation.name}"'
    rest = f"Only {count(live, 'unit')} of this layer {'learns' if live == 1 else 'learn'}." if live else ""
    yield Evidence(
        numbers={
            "still": still,
            "units": units,
            "live": live,
            "activation": "linear" if activation is None else activation.name,
            "since": _since(seen, network),
            "still_units": tuple(int(unit) for unit in seen.units.nonzero()[0][:100]),
        },
        certainty=Certainty.MEASURED,
        severity=_severity(still / units, live, position),
        why=f"Their weights are where they were drawn, and nothing moves them. {rest}".rstrip(),
        remedy=Remedy(
            f"draw the weights of {name} anew",
            f'Dense({units}{shown}, kernel_initializer="he_uniform", bias_initializer="normal", name={quoted(name)})',
        ),
        strength=still / units,
        verdict=f"{still} of the {units} units of {layer.name} have never learned: the optimizer has had no gradient "
        f"for them in {_since(seen, network)}.",
    )


def _since(seen: Untouched, network: Network) -> str:
    updates = network.optimizer.iterations if network.optimizer else None
    return f"the last {seen.memory:,} updates" if seen.memory else f"all {count(updates or 0, 'update')}"


def _severity(share: float, live: int, position: LossPosition | None) -> Severity:
    if position is not None and position.near:
        return Severity.NOTE
    if live == 0:
        return Severity.ERROR
    crippled = share >= HALF and live < NARROW
    if position is None:
        return Severity.WARNING if crippled else Severity.NOTE
    return Severity.ERROR if crippled else Severity.WARNING
