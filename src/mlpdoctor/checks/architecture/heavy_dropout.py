"""A104: dropout that throws away more than training can do without."""

import math
from collections.abc import Iterator, Sequence

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Layer, Network
from mlpdoctor.core.text import coefficient, listing, percent, quoted, short
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.training.dropout_gap import DropoutGap
from mlpdoctor.nn.layers.graph import adjustable, users
from mlpdoctor.nn.layers.properties import activation_of, rate_of
from mlpdoctor.nn.losses.loss import TargetKind
from mlpdoctor.nn.losses.registry import build

SURE = 3.0
"""Standard errors by which the loss with dropout must lie above the one without."""
ORDINARY = {"inputs": 0.1, "hidden": 0.2, "regression": 0.0, "answer": 0.0}
"""Rates to try instead; 0 stands for no dropout at all."""
WORDS = {
    "inputs": "the inputs",
    "hidden": "hidden units",
    "regression": "what enters a regression output",
    "answer": "the answer itself",
}


@dataclass(frozen=True)
class Place:
    """One dropout layer that is out of the ordinary, and what it drops."""

    layer: Layer
    rate: float
    what: str


@check("A104", Severity.WARNING, "{places}", stage=Stage.ARCHITECTURE, disturbs=Part.PACE | Part.LOSS)
def heavy_dropout(
    network: Network,
    position: LossPosition | None,
    gap: DropoutGap | None,
    *,
    heavy: float = 0.5,
    on_inputs: float = 0.3,
    before_regression: float = 0.2,
    costly: float = 0.1,
) -> Iterator[Evidence]:
    """Dropout at a high rate, or right before the output of a regression.

    Why it matters
        Dropout of rate p multiplies what is left by 1 / (1 - p). That keeps the mean and adds a variance of p / (1 - p)
        times the square of each value: as much as the signal at 0.5, four times as much at 0.8. Before a linear output
        with a squared error this variance goes into the training loss as it is, and the weights are kept small to hold
        it down. Keras logs the training loss with dropout on, so the log shows this noise too.
    How to fix it
        Use a rate of 0.1 to 0.5 between hidden layers, less on inputs, none right before a regression output.
    When it stays silent
        Rates up to one half between hidden layers and before a classifier's output, up to 0.3 on the inputs, up to
        0.2 before a regression output. A model that is close to what is known to be reachable gets a note, and so
        does a rate of up to one half that adds little to the loss.
    How sure
        Estimated where there are data: the loss with dropout on, over masks drawn for a sample of the rows, with its
        standard error. Measured without: the rates are read in the file.
    References
        Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting, 2014, appendix A.
    """
    limits = {"hidden": heavy, "inputs": on_inputs, "regression": before_regression, "answer": 0.0}
    places = [place for place in _places(network) if place.rate > limits[place.what]]
    if not places:
        return
    grave = any(place.rate > heavy or place.what == "answer" for place in places)
    share = _share(gap, position)
    costs = gap is not None and share is not None and share >= costly and gap.gap > SURE * gap.error
    worst = max(places, key=lambda place: (place.what == "answer", place.rate))
    yield Evidence(
        numbers={
            "places": listing([f"{p.layer.name} drops {percent(p.rate)} of {WORDS[p.what]}" for p in places]),
            "layers": tuple(place.layer.name for place in places),
            "rates": tuple(place.rate for place in places),
            "dropped": tuple(place.what for place in places),
            "loss_with_dropout": gap.on if gap is not None and math.isfinite(gap.on) else None,
            "loss_without": gap.off if gap is not None and math.isfinite(gap.off) else None,
            "standard_error": gap.error if gap is not None and math.isfinite(gap.error) else None,
            "gap_of_constant_share": share,
        },
        certainty=Certainty.MEASURED if gap is None else Certainty.ESTIMATED,
        severity=_severity(position, grave=grave, costs=costs),
        why=_why(worst, gap),
        remedy=_remedy(places),
        strength=min(worst.rate, 1.0),
        verdict=_verdict(worst, gap, costs=costs),
    )


def _places(network: Network) -> Iterator[Place]:
    """Every dropout layer with what it drops."""
    following = users(network)
    regressions = _regressions(network)
    behind: list[bool] = []
    for position, node in enumerate(network.nodes):
        learned = any(behind[source] for source in node.sources)
        behind.append(learned or bool(adjustable(node.layer)))
        rate = rate_of(node.layer)
        if rate <= 0:
            continue
        next_ones, ends = _next(network, following, position)
        if ends:
            what = "answer"
        elif next_ones and next_ones <= regressions:
            what = "regression"
        else:
            what = "hidden" if learned else "inputs"
        if what == "answer" and not learned:
            continue
        yield Place(node.layer, rate, what)


def _next(network: Network, following: Sequence[Sequence[int]], position: int) -> tuple[set[int], bool]:
    """The nodes with weights that come next, and whether an output comes before any of them."""
    found: set[int] = set()
    todo, ends = [position], False
    while todo:
        here = todo.pop()
        ends |= here in network.outputs
        for user in following[here]:
            if adjustable(network.nodes[user].layer):
                found.add(user)
            else:
                todo.append(user)
    return found, ends


def _regressions(network: Network) -> set[int]:
    """The last layers of the outputs that answer amounts: linear ones whose loss takes any numbers."""
    found = set()
    for output, config in zip(network.outputs, network.losses, strict=True):
        node = network.nodes[output]
        loss = None if config is None else build(config, node.layer.keras)
        activation = activation_of(node.layer)
        if loss is not None and loss.targets is TargetKind.REAL and activation is not None and activation.affine:
            found.add(output)
    return found


def _share(gap: DropoutGap | None, position: LossPosition | None) -> float | None:
    """What dropout adds, beside what the best constant loses."""
    if gap is None or position is None or not math.isfinite(gap.gap) or position.above(position.constant) <= 0:
        return None
    return gap.gap / position.above(position.constant)


def _severity(position: LossPosition | None, *, grave: bool, costs: bool) -> Severity:
    if position is None or not position.trained:
        return Severity.WARNING if grave else Severity.NOTE
    if position.near or not position.finite:
        return Severity.NOTE
    return Severity.WARNING if grave or costs else Severity.NOTE


def _why(worst: Place, gap: DropoutGap | None) -> str:
    if worst.rate >= 1:
        noise = f"{worst.layer.name} drops everything in training, so that no gradient passes it."
    else:
        factor = coefficient(round(worst.rate / (1 - worst.rate), 2))
        noise = (
            f"At a rate of {coefficient(worst.rate)} the noise has {factor} times the mean square of what passes "
            f"{worst.layer.name}."
        )
    if gap is None or not math.isfinite(gap.gap):
        return noise
    return (
        f"{noise} With dropout on, as in the log, these weights lose {short(gap.on)}; without it {short(gap.off)} "
        f"(a sample of {gap.rows:,} rows, standard error of the difference {short(gap.error, 2)})."
    )


def _remedy(places: Sequence[Place]) -> Remedy:
    lines = []
    for place in places:
        name, rate = place.layer.short_name, ORDINARY[place.what]
        lines.append(f"take {name} out" if rate == 0 else f"{place.layer.kind}({rate}, name={quoted(name)})")
    text = "lower the rates until the training loss can fall, then raise them only against overfitting"
    rest = [line for line in lines if not line.startswith("take")]
    out = [line for line in lines if line.startswith("take")]
    return Remedy("; ".join([*out, text] if rest else out), "; ".join(rest) or None)


def _verdict(worst: Place, gap: DropoutGap | None, *, costs: bool) -> str:
    dropping = f"{worst.layer.name} drops {percent(worst.rate)} of {WORDS[worst.what]} at every step of training"
    if costs and gap is not None:
        return (
            f"Much of the training loss is dropout noise: {dropping}. With dropout on the loss is {short(gap.on)}, "
            f"without it {short(gap.off)}."
        )
    return f"Dropout leaves training too little to learn from: {dropping}."
