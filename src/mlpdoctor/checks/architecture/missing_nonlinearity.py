"""A101: layers that act as one because nothing nonlinear stands between them."""

from collections.abc import Iterator

from mlpdoctor.check import check
from mlpdoctor.facts.collapse import Collapse, Stretch
from mlpdoctor.facts.second_opinion import SecondOpinion
from mlpdoctor.facts.standing import Standing
from mlpdoctor.facts.training import Training
from mlpdoctor.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.ladder import Ladder, standing
from mlpdoctor.network import Network
from mlpdoctor.wording import short

STRAIGHT = 1e-6
"""Data count as affine when the best line leaves less than this share of the constant's loss: float32 noise."""
SMOOTH_WIDTH = 3
"""Up to so many features tanh is the advice: a ReLU net with zero biases has few kinks among few features."""


@check("A101", Severity.ERROR, "{chain} have nothing nonlinear between them: together they are {whole}")
def missing_nonlinearity(
    network: Network,
    collapse: Collapse,
    ladder: Ladder | None,
    where: Standing | None,
    opinion: SecondOpinion | None,
    training: Training,
) -> Iterator[Evidence]:
    """Layers that act as one because nothing nonlinear stands between them.

    Why it matters
        A composition of affine maps is an affine map. However many such layers there are and however wide, the
        network can only draw a straight line (a plane), and the best one is found by linear regression. No learning
        rate, optimizer, number of epochs or number of units changes that.
    Remedy
        Give every hidden layer an activation. In Keras a Dense layer has none unless it is asked for.
    Stays quiet on
        A single Dense layer; Dense followed by Activation, LeakyReLU, PReLU and the like; layers joined by a
        product; the end of a residual branch; a low-rank bottleneck on data that an affine map fits.
    Certainty
        Proved. The witness is the single affine map; with data also its loss, which no weights go below.
    References
        Goodfellow, Bengio and Courville, Deep Learning, 2016, section 6.1.
    """
    for stretch in collapse.stretches:
        whole = collapse.whole
        severity = _severity(stretch, whole=whole, where=where, opinion=opinion)
        if severity is None:
            continue
        first = stretch.layers[0]
        floor = ladder.rung("architecture") if ladder and whole else None
        model = ladder.rung("model") if ladder else None
        stuck = bool(ladder and not training.never and standing(ladder.rungs)[0] in ("architecture", "data"))
        yield Evidence(
            numbers={
                "chain": " -> ".join(layer.name for layer in stretch.layers),
                "whole": _whole(ladder, whole=whole),
                "layers": tuple(layer.name for layer in stretch.layers),
                "whole_network": whole,
                "floor": floor.value if floor else None,
                "model": model.value if model else None,
                "affine_share_unexplained": _unexplained(where),
            },
            certainty=Certainty.PROVED,
            severity=severity,
            why=_why(where, opinion, whole=whole, severity=severity),
            remedy=_remedy(network, first.name, int(first.config.get("units", 0))),
            explains=where.share(floor.value) if where and floor and not training.never else None,
            strength=1.0,
            verdict=_verdict(floor.value if floor else None, network, stuck=stuck, untrained=training.never, whole=whole),
            rules_out=_rules_out(stuck=stuck) if whole and severity is Severity.ERROR else (),
        )


def _severity(
    stretch: Stretch, *, whole: bool, where: Standing | None, opinion: SecondOpinion | None
) -> Severity | None:
    """How bad the collapse is on these data; None for a deliberate bottleneck that costs nothing."""
    if where is None:
        if stretch.bottleneck:
            return None
        return Severity.ERROR if whole else Severity.WARNING
    if whole:
        costs_nothing = where.affine - where.data <= STRAIGHT * where.constant or (
            opinion is not None and not opinion.structure
        )
        if costs_nothing:
            return None if stretch.bottleneck else Severity.NOTE
        return Severity.ERROR
    if stretch.bottleneck:
        return None
    return Severity.NOTE if where.well else Severity.WARNING


def _unexplained(where: Standing | None) -> float | None:
    return None if where is None or where.constant == 0 else where.affine / where.constant


def _whole(ladder: Ladder | None, *, whole: bool) -> str:
    if not whole:
        return "one affine layer"
    line = ladder.rung("affine") if ladder else None
    if line is None or not line.coefficients or "=" not in line.witness:
        return "one affine map"
    return f"a straight line, at best {line.witness}" if line.label == "best straight line" else f"at best {line.witness}"


def _why(
    where: Standing | None, opinion: SecondOpinion | None, *, whole: bool, severity: Severity
) -> str:
    if not whole:
        return "Affine maps in a row are one affine map, so all but one of these layers add no power."
    theorem = "Affine maps in a row are one affine map, so linear regression is the most this network can do."
    if where is None:
        return theorem
    if severity is Severity.NOTE and where.affine - where.data <= STRAIGHT * where.constant:
        return f"{theorem} These data lie on such a map: the least loss is {short(where.affine)}, and this network can reach it."
    if severity is Severity.NOTE and opinion is not None:
        return f"{theorem} On these data a quick nonlinear fit does no better out of sample, so nothing seems lost."
    return f"{theorem} Its best loss on these data is {short(where.affine)}; the data themselves allow {short(where.data)}."


def _remedy(network: Network, name: str, units: int) -> Remedy:
    width = network.input_width
    activation = "tanh" if width is not None and width <= SMOOTH_WIDTH else "relu"
    return Remedy(
        f"give {name} an activation",
        f'Dense({units}, activation="{activation}", name="{name.rpartition("/")[2]}")',
    )


def _verdict(floor: float | None, network: Network, *, stuck: bool, untrained: bool, whole: bool) -> str | None:
    if not whole:
        return None
    shape = "draw a straight line" if network.input_width == 1 else "be a linear regression"
    if floor is None:
        return f"Whatever its weights, this network can only {shape}: no hidden layer has an activation."
    if untrained:
        return f"Training will stop at {short(floor)}: this network can only {shape}, and no setting of its weights goes lower."
    if stuck:
        return (
            f"The loss is stuck at {short(floor)} because this network can only {shape}, and it has already found the "
            "best one. No setting of its weights goes lower."
        )
    return f"This network can only {shape}: its loss can fall to {short(floor)} and no setting of its weights goes lower."


def _rules_out(*, stuck: bool) -> tuple[str, ...]:
    always = ("learning rate", "optimizer", "epochs", "width")
    return (*always, "local minimum") if stuck else always


