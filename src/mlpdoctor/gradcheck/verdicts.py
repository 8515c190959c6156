"""What is said of each array: against the network's own gradient, or against the differences of the loss."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.gradient_report import ArrayGradient, Status, WorstEntry
from mlpdoctor.core.network import Array
from mlpdoctor.gradcheck.backward import Run, gradients
from mlpdoctor.gradcheck.chain import Chain
from mlpdoctor.gradcheck.code import Claim, Code, Point
from mlpdoctor.gradcheck.measure import ROUNDING, Joint, Measured, off
from mlpdoctor.gradcheck.numeric import Estimate
from mlpdoctor.gradcheck.plan import all_right
from mlpdoctor.gradcheck.search import Question

AT_KINKS = 0.05
"""Share of entries whose differences may be off, at kinks that lie too close to be seen, where the network that gives
the user's loss to rounding at all points has another gradient there."""


@dataclass(frozen=True, eq=False)
class Seen:
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


def by_joints(joint: Sequence[Joint], claim: Claim, code: Code) -> list[Measured] | None:
    """What the joint directions say of each array where they agree with all of the claim; None where they do not.

    Two random directions in which every array counts alike: an array that is off shows in both, but for a chance as
    small as the error bar.
    """
    rounding = ROUNDING[code.arithmetic]
    if not joint or any(one.off(claim.values, claim.errors, rounding) for one in joint):
        return None
    found = []
    for place, slopes in enumerate(claim.values):
        along = []
        for one in joint:
            share = float(np.abs(one.moves[place]).max())
            said = float(np.sum(slopes * one.moves[place])) / share
            along.append((said, Estimate(said, one.slope.error / share)))
        found.append(Measured(along))
    return found


def confirmed(chain: Chain, point: Point, measured: Sequence[Measured], joint: Sequence[Joint], code: Code) -> bool:
    """Whether the differences of the user's loss agree with our gradient in all but a few entries."""
    ours = gradients(Run.of(chain, point), all_right(chain.places))
    if joint:
        return not any(one.off(ours, [0.0] * len(ours), ROUNDING[code.arithmetic]) for one in joint)
    apart = 0
    for true, seen in zip(ours, measured, strict=True):
        allowed = ROUNDING[code.arithmetic] * float(np.linalg.norm(true))
        flat = true.reshape(-1)
        apart += sum(off(float(flat[at]), slope, allowed) for at, slope in zip(seen.entries, seen.slopes, strict=True))
    return apart <= AT_KINKS * sum(len(seen.entries) for seen in measured)


def by_reference(questions: Sequence[Question], true: Sequence[Point], place: int) -> Seen:
    """Against our own gradient, where the network is known: all entries, at all points."""
    equal = [
        one.equal(place, one.claim.values[place], slopes[place]) for one, slopes in zip(questions, true, strict=True)
    ]
    first, slopes = questions[0], true[0][place].reshape(-1)
    return Seen(
        first.claim.values[place].reshape(-1),
        slopes,
        np.full(slopes.size, first.tolerance * float(np.linalg.norm(slopes)) + first.claim.errors[place]),
        np.arange(slopes.size),
        Status.OK if all(equal) else Status.WRONG,
    )


def by_differences(code: Code, claim: Claim, measured: Measured, place: int) -> Seen:
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
    return Seen(
        chosen[known],
        np.array([measured.slopes[place].value for place in known]),
        np.array([measured.slopes[place].error for place in known]),
        np.array([measured.entries[place] for place in known], dtype=int),
        status,
    )


def row(code: Code, place: int, seen: Seen) -> ArrayGradient:
    """What the report tells of one array."""
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


def start_of(code: Code, seen: Sequence[Seen], chain: Chain | None) -> str | None:
    """The first wrong array from the output: by the layers where they are known, else from the last array back."""
    order = list(reversed(range(len(seen))))
    if chain is not None:
        order = [array for place in reversed(chain.places) for array in (place.kernel, place.bias) if array is not None]
    return next((code.names[place] for place in order if seen[place].status is Status.WRONG), None)


def notes_of(code: Code, seen: Sequence[Seen], limit: str | None) -> list[str]:
    """What else the user should know, a sentence each; ``limit`` is that of a clipped gradient, in words."""
    notes = []
    if limit is not None:
        notes.append(f"The gradient is right, and then clipped: {limit}.")
    if code.momentum:
        notes.append(f"update() keeps {code.momentum:.3g} of its last change (momentum); that was taken off.")
    idle = [
        code.names[place]
        for place, one in enumerate(seen)
        if len(one.places) and not one.true.any() and not one.claimed.any()
    ]
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


def _same_direction(seen: Sequence[Seen]) -> float | None:
    """The one factor by which all arrays differ from the truth; None where there is none."""
    claimed, true = (np.concatenate([getattr(one, name) for one in seen]) for name in ("claimed", "true"))
    errors = np.concatenate([one.errors for one in seen])
    size = float(true @ true)
    ratio = float(claimed @ true) / size if size else 0.0
    close = np.abs(claimed - ratio * true) <= 4 * abs(ratio) * errors + 1e-5 * np.abs(claimed).max(initial=0.0)
    return ratio if ratio and bool(close.all()) else None
