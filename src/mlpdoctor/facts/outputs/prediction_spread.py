"""How much predictions differ from row to row, and how far weights must move until they are as large as targets."""

import math

import numpy as np

from mlpdoctor.analysis.floors import least_squares
from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.ladder import ON_A_RUNG
from mlpdoctor.core.network import Network
from mlpdoctor.facts.ladder.linear_floor import ConstantFloor, LinearFloor
from mlpdoctor.facts.ladder.model_loss import ModelLoss, Objective
from mlpdoctor.facts.network.line_in_reach import Entrance
from mlpdoctor.nn.layers.properties import activation_of, is_learned, renormalises
from mlpdoctor.nn.layers.unsupported_layers import remembers
from mlpdoctor.nn.losses.binary_crossentropy import BinaryCrossentropy
from mlpdoctor.nn.losses.convex import ConvexLoss
from mlpdoctor.nn.losses.registry import kind_of
from mlpdoctor.statistics.affine_factor import TargetFactor
from mlpdoctor.statistics.moments import EnteringMoments, OutputMoments, TargetMoments
from mlpdoctor.statistics.rows import RowSample
from mlpdoctor.statistics.views import PerLayer

LEARNED = 0.99
"""A line that saves a hundredth of the constant's loss shows that there is something to answer."""
SURE_LINE = 0.1
"""Share of the targets' variance from which a line is more than chance on ``ROWS_A_COLUMN`` rows a coefficient."""
ROWS_A_COLUMN = 10


@dataclass(frozen=True)
class OutputVariance:
    """One part of the loss: a unit of an output, or an output whose units are judged together.

    Attributes:
        name: of the part.
        ratio: standard deviation of the answers over that of the targets; of several units the largest.
        answer: mean answer, of the first unit.
        exact: whether the answers are the same on all rows to the last digit.
        known: whether a line does better than a constant here.
        line: standard deviation of the best line's predictions over that of the targets, where the loss is unknown, so
            that this is all that the predictions can be held against; None elsewhere.
        target: mean of the targets, where the loss is unknown.
        deviation: their standard deviation, likewise.
    """

    name: str
    ratio: float
    answer: float
    exact: bool
    known: bool
    line: float | None = None
    target: float | None = None
    deviation: float = 0.0


@dataclass(frozen=True)
class PredictionVariance:
    """Every part whose targets vary."""

    parts: tuple[OutputVariance, ...]


@fact
def prediction_variance(
    network: Network,
    objective: Objective | None,
    outputs: OutputMoments,
    sample: RowSample,
    constant: ConstantFloor | None,
    linear: LinearFloor | None,
    factor: TargetFactor | None,
    targets: TargetMoments | None,
) -> PredictionVariance | Absent:
    """Compare moments of all rows with the spread of the encoded targets on a sample.

    Where the answer is a logit, a step dz of it changes the probability by p (1 - p) dz, which is the variance of the
    target: the ratio of the spreads is that of the logits times the spread of the target.
    """
    if not np.isfinite(outputs.squared).all():
        return Absent("some predictions are not finite")
    if objective is None or constant is None:
        unknown = all(config is None or kind_of(config.name) is None for config in network.losses)
        if not unknown or factor is None or targets is None or len(targets.mean) != len(outputs.mean):
            return Absent("the predictions cannot be held against the targets one by one")
        return _beside_a_line(outputs, targets, factor)
    deviation, found = outputs.deviation, []
    for k, part in enumerate(objective.parts):
        head = part.head
        units = [part.unit] if part.unit is not None else list(range(head.units))
        spread = head.targets(sample.targets).std(axis=0)
        own = [(head.first_unit + unit, float(spread[unit])) for unit in units if spread[unit] > 0]
        if not own:
            continue
        logits = isinstance(part.loss, ConvexLoss) and part.loss.link == "logit" and not head.behind
        logits = logits and bool(getattr(part.loss, "from_logits", False))
        ratios = [float(deviation[place]) * (size if logits else 1 / size) for place, size in own]
        affine = constant.fits[k].value if linear is None else linear.fits[k].value
        found.append(
            OutputVariance(
                name=part.name,
                ratio=max(ratios),
                answer=float(outputs.mean[own[0][0]]),
                exact=all(bool(outputs.low[place] == outputs.high[place]) for place, _ in own),
                known=affine < LEARNED * constant.fits[k].value,
            )
        )
    return PredictionVariance(tuple(found)) if found else Absent("the targets are constant", applicable=False)


def _beside_a_line(outputs: OutputMoments, targets: TargetMoments, factor: TargetFactor) -> PredictionVariance | Absent:
    """Columns of predictions beside columns of targets, with what the best line makes of each: no loss is needed."""
    found = []
    sure = factor.rows > ROWS_A_COLUMN * (factor.features + 1)
    for k, (fit, level) in enumerate(zip(least_squares.fit(factor), least_squares.constant(factor), strict=True)):
        if not level.value > 0:
            continue
        share = 1 - fit.value / level.value
        size = float(np.sqrt(level.value))
        found.append(
            OutputVariance(
                name=f"output {k + 1}",
                ratio=float(outputs.deviation[k]) / size,
                answer=float(outputs.mean[k]),
                exact=bool(outputs.low[k] == outputs.high[k]),
                known=sure and share > SURE_LINE,
                line=float(np.sqrt(share)) if sure and share > SURE_LINE else None,
                target=float(targets.mean[k]),
                deviation=size,
            )
        )
    return PredictionVariance(tuple(found)) if found else Absent("the targets are constant", applicable=False)


@dataclass(frozen=True)
class ClippedAnswer:
    """The model's loss is that of one saturated answer.

    Attributes:
        answer: 0 or 1.
        loss: mean loss of this answer to every row.
        each: what a row of the other class costs: the logarithm of the distance that Keras keeps from 0 and 1.
        wrong: share of the rows of the other class.
    """

    answer: float
    loss: float
    each: float
    wrong: float


@fact
def clipped_answer(objective: Objective, targets: TargetMoments, model: ModelLoss) -> ClippedAnswer | Absent:
    """Compare the loss with that of both saturated answers, for labels 0 and 1 of one unit."""
    absent = Absent("no clipped probability is judged by a binary cross-entropy", applicable=False)
    (part, *others) = objective.parts
    loss = part.loss
    if others or not isinstance(loss, BinaryCrossentropy) or loss.from_logits:
        return absent
    ones = float(targets.mean[0])
    for answer in (1.0, 0.0):
        at_zero, at_one = loss.values(np.array([[0.0], [1.0]]), np.full((2, 1), answer))[:, 0]
        price = part.weight * float((1 - ones) * at_zero + ones * at_one)
        if price > 0 and abs(model.total - price) <= ON_A_RUNG * price:
            return ClippedAnswer(answer, price, float(max(at_zero, at_one)), 1 - ones if answer else ones)
    return absent


@dataclass(frozen=True)
class Stage:
    """What one layer does to the size of what passes: starts it again, sums it over a fan-in, bounds it."""

    restarts: bool
    fan_in: int
    trained: bool
    last: bool
    bound: float


@dataclass(frozen=True)
class PredictionReach:
    """The size of a prediction as a function of how far every weight has moved in one direction.

    Attributes:
        stages: what each layer does to the size of what passes.
        entered: size of the numbers that enter the first learned layer; one where that is not known.
    """

    stages: tuple[Stage, ...]
    entered: float

    def after(self, move: float) -> float:
        """The size of a prediction once every weight has moved so far, away from a start of gain one."""
        size = self.entered
        for stage in self.stages:
            if stage.restarts:
                size = 1.0 + move
            if stage.fan_in:
                grown = move * stage.fan_in if stage.trained else 0.0
                size = min(size * (grown if stage.last else 1.0 + grown) + move, 1e150)
            size = min(size, stage.bound)
        return size

    def travel(self, size: float) -> float:
        """How far every weight has to move before a prediction is so large, by bisection on the logarithm."""
        low, high = -12.0, 12.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if self.after(10**middle) < size else (low, middle)
        return float(10**high)


def _stages(network: Network) -> tuple[Stage, ...]:
    last = next((layer for layer in reversed(network.layers) if is_learned(layer) and layer.trainable), None)
    found = []
    for layer in network.layers:
        kernel = layer.weights.get("kernel")
        fan_in = 0 if not is_learned(layer) else 1 if kernel is None else kernel.shape[0]
        activation = None if layer is last else activation_of(layer)
        bound = math.inf if activation is None else max(abs(end) for end in activation.bounds)
        bound = 1.0 if remembers(layer) else bound
        found.append(Stage(renormalises(layer), fan_in, layer.trainable, layer is last, bound))
    return tuple(stage for stage in found if stage.restarts or stage.fan_in or stage.bound < math.inf)


@fact
def prediction_reach(
    network: Network, entrance: Entrance | None, entering: PerLayer[EnteringMoments] | None
) -> PredictionReach:
    """Read the layers once."""
    return PredictionReach(_stages(network), _entered(entrance, entering))


def _entered(entrance: Entrance | None, entering: PerLayer[EnteringMoments] | None) -> float:
    """The size of the numbers that enter the first learned layer; one where that is not known."""
    if entrance is None or entering is None:
        return 1.0
    sizes = [float(entering[door.layer.name].root_mean_square.mean()) for door in entrance.doors]
    return max(*sizes, 1e-3)
