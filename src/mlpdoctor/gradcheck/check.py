"""The gradient check: the user's gradient against the true one, and the mistake that explains the difference."""

import math
import time
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from mlpdoctor.core import random_state
from mlpdoctor.core.errors import InputError
from mlpdoctor.core.fast_dataclass import dataclass, twin
from mlpdoctor.core.gradient_report import ArrayGradient, GradientReport, Mistake, Status, WorstEntry
from mlpdoctor.core.network import Array
from mlpdoctor.gradcheck import wording
from mlpdoctor.gradcheck.backward import Run, gradients
from mlpdoctor.gradcheck.chain import Chain, named_layers, recognised
from mlpdoctor.gradcheck.clipping import clipped
from mlpdoctor.gradcheck.code import STEADY, Claim, Code, Point
from mlpdoctor.gradcheck.decay import decay
from mlpdoctor.gradcheck.measure import (
    MOST_ENTRIES,
    ROUNDING,
    SECONDS,
    TO_CONFIRM,
    Measured,
    Measurement,
    off,
    points_beside,
)
from mlpdoctor.gradcheck.plan import all_right
from mlpdoctor.gradcheck.search import FLOOR, Question, explanations

POINTS = 3
"""Places beside the user's parameters: a mistake is looked for at the first and confirmed at the others."""
FRESH = 0
"""Seed of the points, the directions and the entries: the same file gets the same answer."""
AT_KINKS = 0.05
"""Share of entries whose differences may be off, at kinks that lie too close to be seen, where the network that gives
the user's loss to rounding at all points has another gradient there."""
TRIES = 8
"""Draws of all parameters at which an array that does not change the loss gets another chance: dead units."""
REPEATS = 3
"""How often the loss is computed at one place to see that it is no game of chance."""


@dataclass(frozen=True, eq=False)
class _Seen:
    """What is known of one array at the first point.

    Attributes:
        claimed: the user's gradient, flat, of the entries compared.
        true: the true one.
        errors: how far that may be off.
        places: the flat positions of these entries.
        status: the verdict.
    """

    claimed: Array
    true: Array
    errors: Array
    places: npt.NDArray[np.int_]
    status: Status


def gradcheck(
    parameters: object,
    loss: Callable[[], object],
    gradients: Callable[[], object] | None = None,
    update: Callable[[], object] | None = None,
    learning_rate: float | None = None,
    layers: object = None,
    x: object = None,
    y: object = None,
) -> GradientReport:
    """Compare the gradient in hand-written code with the true gradient of its loss, and name the mistake.

    All parameters hold afterwards what they held before, bit for bit, whatever happens.

    Args:
        parameters: the float arrays that the code trains, in a list, a dict, or lists of lists, or a function that
            returns them. They are changed in place.
        loss: a function without arguments: the loss at the present parameters, on fixed rows.
        gradients: a function without arguments: one array for each parameter.
        update: instead, a function that makes one step of gradient descent in place.
        learning_rate: of ``update``.
        layers: the activation of each layer from the input on, ``"tanh,tanh,linear"``, to have the mistake named.
        x: features, one row for each example (or one column).
        y: targets, likewise.

    Raises:
        InputError: the code cannot be checked; the message says why in one sentence.
    """
    code = Code(parameters, loss, gradients, update, learning_rate)
    start = time.monotonic()
    with code.kept():
        return _checked(code, layers, x, y, start)


def _checked(code: Code, layers: object, x: object, y: object, start: float) -> GradientReport:
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
    chain, why_not = _chain(code, points, losses, layers, x, y)
    measurement = Measurement(code, points[0], claims[0].values, rng)
    measured = _measured(code, measurement, start, TO_CONFIRM if chain else MOST_ENTRIES)
    if chain is not None and not _confirmed(chain, points[0], measured, code):
        chain, why_not = None, "the differences of the loss do not agree with the network that it seemed to be"
    questions = [] if chain is None else _questions(chain, points, claims, code)
    true = [gradients(one.run, all_right(one.run.chain.places)) for one in questions]
    seen = [
        _by_reference(questions, true, place) if questions else _by_differences(code, claims[0], measured[place], place)
        for place in range(len(code.names))
    ]
    limit = clipped(questions) if any(one.status is Status.WRONG for one in seen) and questions else None
    if limit is not None:
        seen = [twin(one, status=Status.OK) for one in seen]
    told, alternatives = _named(questions, seen, code)
    return GradientReport(
        arrays=tuple(_row(code, place, one) for place, one in enumerate(seen)),
        mistakes=told,
        alternatives=alternatives,
        start=_start(code, seen, chain),
        network=chain.words if chain else None,
        unrecognised=why_not,
        loss=own,
        noise=measurement.noise,
        arithmetic=code.arithmetic,
        evaluations=code.evaluations,
        seconds=time.monotonic() - start,
        notes=tuple(_notes(code, seen, limit)),
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
        still -= {place for place in still if _matters(code, beginning, place, rng)}
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


def _matters(code: Code, point: Point, place: int, rng: np.random.Generator) -> bool:
    """Whether the loss changes with an array; where it is a number before and none afterwards, it does."""
    code.move(point)
    before = code.value()
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


def _chain(
    code: Code, points: Sequence[Point], losses: Sequence[float], layers: object, x: object, y: object
) -> tuple[Chain | None, str | None]:
    """The network behind the arrays, or why it is not known."""
    activations = None if layers is None else named_layers(layers)
    if x is None or y is None:
        return None, "x and y are not given"
    features, targets = (_data(values, name) for values, name in ((x, "x"), (y, "y")))
    found = recognised(code.names, points, losses, features, targets, activations, code.arithmetic)
    if found is not None:
        return found, None
    of = f"layers {layers}" if layers is not None else "dense layers with usual activations"
    return None, f"no network of {of} with a usual loss on x and y gives the numbers that loss() gives"


def _data(values: object, name: str) -> Array:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{name} does not hold numbers") from None
    if not array.ndim or not array.size or not np.isfinite(array).all():
        raise InputError(f"{name} must be an array of finite numbers; it has shape {array.shape}")
    return array


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


def _confirmed(chain: Chain, point: Point, measured: Sequence[Measured], code: Code) -> bool:
    """Whether the differences of the user's loss agree with our gradient in all but a few entries."""
    ours = gradients(Run.of(chain, point), all_right(chain.places))
    apart = 0
    for true, seen in zip(ours, measured, strict=True):
        allowed = ROUNDING[code.arithmetic] * float(np.linalg.norm(true))
        flat = true.reshape(-1)
        apart += sum(off(float(flat[at]), slope, allowed) for at, slope in zip(seen.entries, seen.slopes, strict=True))
    return apart <= AT_KINKS * sum(len(seen.entries) for seen in measured)


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


def _by_reference(questions: Sequence[Question], true: Sequence[Point], place: int) -> _Seen:
    """Against our own gradient, where the network is known: all entries, at all points."""
    equal = [
        one.equal(place, one.claim.values[place], slopes[place]) for one, slopes in zip(questions, true, strict=True)
    ]
    first, slopes = questions[0], true[0][place].reshape(-1)
    return _Seen(
        first.claim.values[place].reshape(-1),
        slopes,
        np.full(slopes.size, first.tolerance * float(np.linalg.norm(slopes)) + first.claim.errors[place]),
        np.arange(slopes.size),
        Status.OK if all(equal) else Status.WRONG,
    )


def _by_differences(code: Code, claim: Claim, measured: Measured, place: int) -> _Seen:
    """Against the differences of the loss alone: random directions, and the entries there was time for."""
    claimed = claim.values[place].reshape(-1)
    size = float(np.linalg.norm(claimed))
    rounding = ROUNDING[code.arithmetic] * size
    grain = claim.errors[place]
    along = rounding + grain * claimed.size**0.5 * 4
    bad = any(off(said, slope, along) for said, slope in measured.directions)
    chosen = claimed[list(measured.entries)]
    bad |= any(off(float(said), slope, rounding + grain) for said, slope in zip(chosen, measured.slopes, strict=True))
    bars = [slope.error for _, slope in measured.directions]
    known = [place for place, slope in enumerate(measured.slopes) if math.isfinite(slope.error)]
    status = Status.WRONG if bad else Status.UNCLEAR if min(bars) > 0.1 * max(size, 1e-300) else Status.OK
    if status is Status.UNCLEAR and size == 0 and all(slope.value == 0 for _, slope in measured.directions):
        status = Status.OK
    return _Seen(
        chosen[known],
        np.array([measured.slopes[place].value for place in known]),
        np.array([measured.slopes[place].error for place in known]),
        np.array([measured.entries[place] for place in known], dtype=int),
        status,
    )


def _named(
    questions: Sequence[Question], seen: Sequence[_Seen], code: Code
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


def _row(code: Code, place: int, seen: _Seen) -> ArrayGradient:
    claimed, true = float(np.linalg.norm(seen.claimed)), float(np.linalg.norm(seen.true))
    both = claimed * true
    worst = None
    if len(seen.places):
        beyond = np.abs(seen.claimed - seen.true) - seen.errors
        at = int(np.argmax(beyond))
        index = tuple(map(int, np.unravel_index(int(seen.places[at]), code.shapes[place])))
        worst = WorstEntry(index, float(seen.claimed[at]), float(seen.true[at]), float(seen.errors[at]))
    return ArrayGradient(
        name=code.names[place],
        shape=tuple(code.shapes[place]),
        status=seen.status,
        cosine=float(seen.claimed @ seen.true) / both if both else None,
        ratio=claimed / true if true else None,
        worst=worst,
        compared=len(seen.places),
    )


def _start(code: Code, seen: Sequence[_Seen], chain: Chain | None) -> str | None:
    """The first wrong array from the output: by the layers where they are known, else from the last array back."""
    order = list(reversed(range(len(seen))))
    if chain is not None:
        order = [array for place in reversed(chain.places) for array in (place.kernel, place.bias) if array is not None]
    return next((code.names[place] for place in order if seen[place].status is Status.WRONG), None)


def _notes(code: Code, seen: Sequence[_Seen], limit: str | None) -> list[str]:
    notes = []
    if limit is not None:
        notes.append(f"The gradient is right, and then clipped: {limit}.")
    if code.momentum:
        notes.append(f"update() keeps {code.momentum:.3g} of its last change (momentum); that was taken off.")
    idle = [code.names[place] for place, one in enumerate(seen) if not one.true.any() and not one.claimed.any()]
    if idle:
        notes.append(f"The gradient of {', '.join(idle)} is zero, in the code and in truth: nothing can train it here.")
    wrong = [one for one in seen if one.status is Status.WRONG]
    if wrong and len(wrong) + len(idle) == len(seen) and (ratio := _same_direction(wrong)) is not None:
        turned = "the opposite of" if ratio < 0 else "in the direction of"
        notes.append(
            f"The whole gradient is {turned} the true one, {abs(ratio):.6g} times as long:"
            + (" training climbs." if ratio < 0 else " it trains as another learning rate would.")
        )
    return notes


def _same_direction(seen: Sequence[_Seen]) -> float | None:
    """The one factor by which all arrays differ from the truth; None where there is none."""
    claimed, true = (np.concatenate([getattr(one, name) for one in seen]) for name in ("claimed", "true"))
    errors = np.concatenate([one.errors for one in seen])
    size = float(true @ true)
    ratio = float(claimed @ true) / size if size else 0.0
    close = np.abs(claimed - ratio * true) <= 4 * abs(ratio) * errors + 1e-5 * np.abs(claimed).max(initial=0.0)
    return ratio if ratio and bool(close.all()) else None
