"""The gradient check: the user's gradient against the true one, and the mistake that explains the difference."""

import math
import time
from collections.abc import Callable, Sequence

import numpy as np

from mlpdoctor.core import random_state
from mlpdoctor.core.errors import InputError
from mlpdoctor.core.fast_dataclass import twin
from mlpdoctor.core.gradient_report import GradientReport, Mistake, Status
from mlpdoctor.gradcheck import wording
from mlpdoctor.gradcheck.backward import Run, gradients
from mlpdoctor.gradcheck.chain import Chain
from mlpdoctor.gradcheck.clipping import clipped, decay
from mlpdoctor.gradcheck.code import STEADY, Claim, Code, Point
from mlpdoctor.gradcheck.measure import (
    MOST_ENTRIES,
    ROUNDING,
    SECONDS,
    TO_CONFIRM,
    Measured,
    Measurement,
    points_beside,
)
from mlpdoctor.gradcheck.plan import all_right
from mlpdoctor.gradcheck.recognition import Rows, chain_of, misnamed_of
from mlpdoctor.gradcheck.search import FLOOR, Question, explanations
from mlpdoctor.gradcheck.verdicts import (
    Seen,
    by_differences,
    by_joints,
    by_reference,
    confirmed,
    notes_of,
    row,
    start_of,
)

POINTS = 3
"""Places beside the user's parameters: a mistake is looked for at the first and confirmed at the others."""
FRESH = 0
"""Seed of the points, the directions and the entries: the same file gets the same answer."""
TRIES = 8
"""Draws of all parameters at which an array that does not change the loss gets another chance: dead units."""
REPEATS = 3
"""How often the loss is computed at one place to see that it is no game of chance."""


def gradcheck(
    parameters: object,
    loss: Callable[[], object],
    gradients: Callable[[], object] | None = None,
    update: Callable[[], object] | None = None,
    learning_rate: float | None = None,
    layers: object = None,
    x: object = None,
    y: object = None,
    masks: object = None,
) -> GradientReport:
    """What ``api.gradcheck`` asks for, whose arguments these are, as plain data.

    Raises:
        InputError: the code cannot be checked; the message says why in one sentence.
    """
    code = Code(parameters, loss, gradients, update, learning_rate)
    start = time.monotonic()
    with code.kept():
        return _checked(code, layers, Rows.of(x, y, masks), start)


def _checked(code: Code, layers: object, rows: Rows | None, start: float) -> GradientReport:
    own = _steady_loss(code)
    rng = random_state.random(FRESH)
    points = points_beside(code, POINTS, rng)
    losses = []
    for point in points:
        code.move(point)
        losses.append(code.loss())
    claims = [code.claim(point) for point in points]
    _require_influence(code, points[0], claims[0])
    _require_change(code, claims)
    chain, why_not = chain_of(code, points, losses, layers, rows)
    misnamed = None if layers is None or rows is None else misnamed_of(chain, layers, why_not)
    measurement = Measurement(code, points[0], claims[0].values, rng)
    joint = measurement.joint() if measurement.slow else []
    measured = by_joints(joint, claims[0], code) if chain is None else None
    if measured is None and not joint:
        measured = _measured(code, measurement, start, TO_CONFIRM if chain else MOST_ENTRIES)
    if chain is not None and not confirmed(chain, points[0], measured or (), joint, code):
        chain, why_not = None, "the differences of the loss do not agree with the network that it seemed to be"
    if chain is None and measured is None:
        measured = _measured(code, measurement, start, MOST_ENTRIES)
    questions = [] if chain is None else _questions(chain, points, claims, code)
    true = [gradients(one.run, all_right(one.run.chain.places)) for one in questions]
    if questions:
        seen = [by_reference(questions, true, place) for place in range(len(code.names))]
    else:
        seen = [by_differences(code, claims[0], one, place) for place, one in enumerate(measured or ())]
    limit = clipped(questions) if any(one.status is Status.WRONG for one in seen) and questions else None
    if limit is not None:
        seen = [twin(one, status=Status.OK) for one in seen]
    told, alternatives = _named(questions, seen, code)
    return GradientReport(
        arrays=tuple(row(code, place, one) for place, one in enumerate(seen)),
        mistakes=told,
        alternatives=alternatives,
        start=start_of(code, seen, chain),
        network=chain.words if chain else None,
        unrecognised=why_not,
        loss=own,
        noise=measurement.noise,
        arithmetic=code.arithmetic,
        evaluations=code.evaluations,
        seconds=time.monotonic() - start,
        notes=tuple(filter(None, (misnamed, *notes_of(code, seen, limit)))),
    )


def _steady_loss(code: Code) -> float:
    """The loss at the user's own parameters, which must not change by itself."""
    values = [code.loss() for _ in range(REPEATS)]
    spread = max(values) - min(values)
    if spread > STEADY[code.arithmetic] * max(map(abs, values)):
        raise InputError(
            f"loss() gives another value each time at the same parameters ({values[0]:.6g}, then {values[1]:.6g}):"
            " dropout, or a random batch? Use fixed rows and a fixed mask while the gradient is checked"
        )
    return values[0]


def _require_influence(code: Code, point: Point, claim: Claim) -> None:
    """Every array that has a gradient in the code must change the loss, here or where no unit is dead by chance."""
    rng = random_state.random(FRESH)
    places = [point, *([rng.normal(0, 1, values.shape) for values in point] for _ in range(TRIES))]
    still = set(range(len(point)))
    for beginning in places:
        code.move(beginning)
        before = code.value()
        still -= {place for place in still if _matters(code, beginning, before, place, rng)}
        if not still:
            break
    code.move(point)
    if len(still) == len(point):
        raise InputError(
            "loss() does not change when the parameters are changed: are they copies? Give the arrays that loss()"
            " reads; they are changed in place"
        )
    for place in sorted(still):
        if claim.values[place].any():
            name = code.names[place]
            raise InputError(
                f"loss() does not change when {name} is changed, and yet the code has a gradient for it: is {name} a"
                " copy of the array that loss() reads?"
            )


def _matters(code: Code, point: Point, before: float, place: int, rng: np.random.Generator) -> bool:
    """Whether the loss changes with an array; where it is a number before and none afterwards, it does."""
    if not math.isfinite(before):
        return False
    moved = [*point]
    moved[place] = point[place] + (0.5 + np.abs(point[place])) * rng.choice((-1.0, 1.0), size=point[place].shape)
    code.move(moved)
    return code.value() != before


def _require_change(code: Code, claims: Sequence[Claim]) -> None:
    """An update that never changes anything works on other arrays."""
    if code.updates and not any(values.any() for claim in claims for values in claim.values):
        raise InputError(
            "update() changed none of the parameters: are they copies, does it make new arrays, or is its gradient 0?"
            " Give the arrays that the code uses, and change them in place (W -= ..., or W[...] = W - ...), or give"
            " parameters as a function that returns the present ones"
        )


def _measured(code: Code, measurement: Measurement, start: float, most: int) -> list[Measured]:
    """Directions for all arrays, then entries, from the output back, each array with its share of the time left."""
    along = [measurement.directions(place, start + SECONDS) for place in range(len(code.names))]
    left = len(code.names)
    entries: list[Measured] = []
    for place in reversed(range(len(code.names))):
        now = time.monotonic()
        entries.append(measurement.entries(place, now + max(0.0, start + SECONDS - now) / left, most))
        left -= 1
    return [
        Measured(one.directions, other.entries, other.slopes)
        for one, other in zip(along, reversed(entries), strict=True)
    ]


def _questions(chain: Chain, points: Sequence[Point], claims: Sequence[Claim], code: Code) -> list[Question]:
    tolerance = ROUNDING[code.arithmetic]
    share = FLOOR[code.arithmetic]
    return [
        Question(
            Run.of(chain, point, claim.after),
            claim,
            tolerance,
            share * max(float(np.linalg.norm(values)) for values in claim.values),
        )
        for point, claim in zip(points, claims, strict=True)
    ]


def _named(
    questions: Sequence[Question], seen: Sequence[Seen], code: Code
) -> tuple[tuple[Mistake, ...], tuple[str, ...]]:
    """The mistakes that explain a wrong gradient, and other sets of them that do as well."""
    if not questions or all(one.status is not Status.WRONG for one in seen):
        return (), ()
    found: list[tuple[Mistake, ...]] = []
    for plan in explanations(questions):
        told = wording.mistakes(questions[0].run, plan, code.names)
        if told not in found:
            found.append(told)
    if not found:
        extra = decay(questions)
        return (() if extra is None else (extra,)), ()
    return found[0], tuple(" and ".join(one.title for one in told) for told in found[1:])
