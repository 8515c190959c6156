"""U401: rectified units that never fire."""

from collections.abc import Iterator

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Draws, Evidence, Remedy, Severity
from mlpdoctor.core.network import Layer, Network
from mlpdoctor.core.text import are, count, part_of
from mlpdoctor.facts.ladder.loss_position import FiniteLoss, LossPosition
from mlpdoctor.facts.outputs.contract import Contract
from mlpdoctor.facts.training.training import Training
from mlpdoctor.nn.layers.graph import summing
from mlpdoctor.nn.layers.properties import activation_of
from mlpdoctor.nn.layers.unsupported_layers import layer_code
from mlpdoctor.statistics.unit_activity import NARROW, Firing, crippled


@check(
    "U401",
    Severity.ERROR,
    "{some} {are} zero on all {rows} rows",
    clears="dead ReLU units",
    stage=Stage.UNITS,
    about=Part.UNITS,
    disturbs=Part.UNITS | Part.PACE | Part.LOSS,
    because="A104 D704",
    names=("a vanishing gradient", "units that never got a gradient"),
    milder={Severity.WARNING: Part.UNITS, Severity.NOTE: Part.UNITS},
)
def dead_relu(
    layer: Layer,
    network: Network,
    seen: Firing,
    loss: FiniteLoss,
    training: Training,
    contract: Contract | None,
    *,
    tolerated: float = 0.1,
) -> Iterator[Evidence]:
    """ReLU units that never fire.

    Why it matters
        Where a ReLU is zero its gradient is zero too. A unit that is zero on every row gets no gradient from any of
        them: it does not learn, and the layer is narrower than it looks. In the first layer nothing wakes it any more,
        in a later one only a lucky move of the layers below.
    How to fix it
        Re-initialise its weights: another seed, he_normal or he_uniform, a wider layer, LeakyReLU, a lower learning
        rate, inputs that take both signs. On an output take the ReLU off, or use the activation that the loss asks for.
    When it stays silent
        A minority of dead units, up to the tolerated share. In a model that does as well as anything is known to, a
        larger share is a note, and so it is before training, as long as half of a narrow layer is alive: layers below
        still move. For a model whose loss is not a number see W301.
    How sure
        Measured: every unit on every row. A pre-activation of exactly zero counts as not firing.
    References
        Lu, Shin, Su and Karniadakis, Dying ReLU and initialization, 2019.
    """
    units, dead, where = len(seen.dead), int(seen.dead.sum()), loss.position
    if dead / units <= tolerated:
        return
    live = units - dead
    output = any(network.nodes[position].layer is layer for position in network.outputs)
    named = activation.name if (activation := activation_of(layer)) else "ReLU"
    silent = live == 0
    maker = summing(network, layer)
    yield Evidence(
        numbers={
            "layer": layer.name,
            "some": part_of(dead, units, f"{named} unit"),
            "are": are(dead),
            "dead": dead,
            "units": units,
            "live": live,
            "rows": seen.rows,
            "activation": named,
            "output": output,
            "dead_units": tuple(int(unit) for unit in seen.dead.nonzero()[0][:100]),
        },
        certainty=Certainty.MEASURED,
        severity=_severity(dead / units, live, where, silent=silent, untrained=training.never),
        why=_why(live, silent=silent, output=output, untrained=training.never),
        remedy=_of_output(layer, maker, units, contract) if output else _of_hidden(layer, maker, units, named),
        strength=dead / units,
        verdict=_verdict(layer, dead, units, live, silent=silent, output=output),
        layers=tuple(dict.fromkeys([layer.name, *([] if maker is None else [maker.name])])),
    )


def _severity(share: float, live: int, position: LossPosition | None, *, silent: bool, untrained: bool) -> Severity:
    if silent:
        return Severity.ERROR
    lame = crippled(share, live)
    if position is not None and position.near:
        return Severity.WARNING if lame and not position.well else Severity.NOTE
    unknown = untrained or position is None  # how the model does without them
    grave, mild = (Severity.WARNING, Severity.NOTE) if unknown else (Severity.ERROR, Severity.WARNING)
    return grave if lame else mild


def _why(live: int, *, silent: bool, output: bool, untrained: bool) -> str:
    working = f"{count(live, 'unit')} {'does' if live == 1 else 'do'} all the work of this layer."
    since = "from the start" if untrained else "so no row gives a gradient and training cannot change that"
    if silent and output:
        return f"The prediction is 0 on every row, {since}."
    if silent:
        return f"Nothing of the input gets past this layer: the next one sees the same on every row, {since}."
    if untrained:
        return f"They output 0 for every row, {since}. {working}"
    return f"They output 0 for every row, so they get no gradient and do not recover. {working}"


def _of_output(layer: Layer, maker: Layer | None, units: int, contract: Contract | None) -> Remedy:
    """What the rule on the last layer and the loss says, where one reports it: a layer gets one line, not two."""
    for clause in () if contract is None else contract.clauses:
        if clause.output.layer is layer:
            for misfit in clause.misfits:
                if misfit.remedy.code is not None:
                    return misfit.remedy
    if maker is layer:
        text = f"take the activation off the output layer {layer.short_name}, unless every target is positive"
        return Remedy(text, layer_code(layer, units))
    return Remedy(
        f"remove the layer {layer.short_name} from the output, unless every target is positive",
        None if maker is None else layer_code(maker, units),
    )


def _of_hidden(layer: Layer, maker: Layer | None, units: int, activation: str) -> Remedy:
    if maker is None or maker.config.get("units", maker.config.get("filters")) != units:
        return Remedy(f"re-initialise the weights before {layer.short_name}; or use LeakyReLU there", "LeakyReLU()")
    wider = max(4 * units, 2 * NARROW) if units < 2 * NARROW else units
    own = [f'activation="{activation}"'] if maker is layer else []
    code = layer_code(maker, wider, *own, 'kernel_initializer="he_uniform"', 'bias_initializer="normal"')
    more = f" and make it wider, {wider} units instead of {units}" if wider > units else ""
    name = maker.short_name
    draws = Draws((maker.name,), "he_uniform", "normal", units=wider if wider > units else None)
    return Remedy(f"re-initialise {name} with he_uniform{more}", code, draws)


def _verdict(layer: Layer, dead: int, units: int, live: int, *, silent: bool, output: bool) -> str:
    if silent and output:
        never = f"the ReLU of its output {layer.name} never fires and gets no gradient"
        return f"The model predicts 0 on every row: {never}."
    some = part_of(dead, units, "ReLU unit")
    if silent:
        return f"Nothing gets through {layer.name}: {some} {are(dead)} zero on every row."
    return (
        f"{some[0].upper()}{some[1:]} in {layer.name} {are(dead)} dead: zero on every row, without a gradient. "
        f"{count(live, 'unit')} {are(live)} left to do the work."
    )
