"""Looks for the mistakes with which our backward pass gives the user's gradient, layer by layer from the output.

What happens at a layer shows in the gradients of its own kernel and bias, given the error that reaches it; so each
layer is matched on its own, and only what matches goes on to the layer before.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass, twin
from mlpdoctor.core.network import Array
from mlpdoctor.gradcheck.backward import (
    BIASES,
    SLOPES,
    Run,
    dropped,
    gradients,
    kernel_gradient,
    output_delta,
    passed,
    penalty,
)
from mlpdoctor.gradcheck.candidates import (
    averages_to_try,
    dropouts_to_try,
    errors_to_try,
    passes_to_try,
    penalties_to_try,
    slopes_to_try,
)
from mlpdoctor.gradcheck.code import Claim
from mlpdoctor.gradcheck.plan import RIGHT, LayerPlan, Plan
from mlpdoctor.nn.layers.family import LINEAR

MOST_MISTAKES = 4
"""More at a time would explain anything."""
FLOOR = {"float32": 1e-6, "float64": 1e-13}
"""What is left of sums that cancel, such as all errors of a softmax, against the largest array of the gradient."""
KEPT = 48
"""Half-built explanations that go on to the layer before, those with the fewest mistakes first."""


@dataclass(frozen=True, eq=False)
class Half:
    """An explanation as far as it goes: the layers from one to the output, and the error at that one."""

    plan: Plan
    delta: Array


@dataclass(frozen=True, eq=False)
class Question:
    """A forward pass of ours, and the user's gradient at the same point.

    Attributes:
        run: ours.
        claim: the user's.
        tolerance: relative difference that counts as rounding.
        floor: absolute difference that does.
    """

    run: Run
    claim: Claim
    tolerance: float
    floor: float

    @property
    def grains(self) -> Sequence[float]:
        """Relative rounding of each array of the claim."""
        sizes = (float(np.linalg.norm(values)) / np.sqrt(values.size) for values in self.claim.values)
        return [error / size if size else 0.0 for error, size in zip(self.claim.errors, sizes, strict=True)]

    def rest(self, array: int, l2: Sequence[Array]) -> Array:
        """The user's gradient of a parameter without that of the penalty."""
        return self.claim.values[array] - l2[array]

    def equal(self, array: int, given: Array, made: Array) -> bool:
        """Whether two gradients of a parameter are equal to rounding."""
        grain = 2 * self.claim.errors[array] * np.sqrt(given.size)
        size = float(np.linalg.norm(self.claim.values[array]))
        return bool(np.linalg.norm(given - made) <= self.tolerance * size + grain + self.floor)


def factors(rows: int, units: int) -> Mapping[float, str]:
    """What a gradient can be multiplied with by mistake, with its words; the simplest words for each number."""
    named: dict[float, str] = {1.0: "1"}
    atoms = [(2.0, "2")] + [(float(n), f"{n} ({what})") for n, what in ((rows, "rows"), (units, "outputs")) if n > 1]
    singles = [(value, word) for value, word in atoms] + [(1 / value, f"1/{word}") for value, word in atoms]
    pairs = [(a * b, f"{x} times {y}") for (a, x), (b, y) in itertools.combinations(singles, 2)]
    triples = [(a * b * c, f"{x} times {y} times {z}") for (a, x), (b, y), (c, z) in itertools.combinations(singles, 3)]
    for value, word in singles + pairs + triples:
        if not any(np.isclose(value, known, rtol=1e-9) for known in named):
            named[value] = word
    return named | {-value: f"-{word}" for value, word in named.items()}


def explanations(questions: Sequence[Question]) -> list[Plan]:
    """The sets of mistakes, as few as possible at as few places, that give the user's gradient at every point.

    Args:
        questions: of at least two points; the first is searched, the others confirm.
    """
    first, *others = questions
    found = sorted(_found(first), key=lambda plan: plan.order)
    confirmed: list[Plan] = []
    for plan in found:
        if confirmed and plan.order[:2] > confirmed[0].order[:2]:
            break
        if all(fits(question, plan) for question in (first, *others)):
            confirmed.append(plan)
    return confirmed


def fits(question: Question, plan: Plan) -> bool:
    """Whether a backward pass with these mistakes gives the user's gradient."""
    made = gradients(question.run, plan)
    return all(question.equal(array, question.claim.values[array], values) for array, values in enumerate(made))


def _found(question: Question) -> list[Plan]:
    run = question.run
    named = factors(run.rows, run.units)
    found: list[Plan] = []
    for l2 in penalties_to_try(run):
        penalties = penalty(run, l2)
        halves = list(_at_output(question, l2, penalties, named))
        for layer in range(run.last - 1, -1, -1):
            halves = _fewest(halves)
            halves = [further for half in halves for further in _at_layer(question, half, layer, penalties, named)]
        found += [half.plan for half in _fewest(halves)]
    return found


def _fewest(halves: Sequence[Half]) -> list[Half]:
    return sorted((half for half in halves if half.plan.cost <= MOST_MISTAKES), key=lambda half: half.plan.order)[:KEPT]


def _at_output(question: Question, l2: str, penalties: Sequence[Array], named: Mapping[float, str]) -> Iterator[Half]:
    run = question.run
    places = itertools.product(errors_to_try(run), averages_to_try(run), slopes_to_try(run, run.last))
    straight = run.chain.activations[-1] is LINEAR
    for error, average, slope in places:
        if average == "after" and (straight or slope == "missing"):
            continue  # the same as averaging before the slope
        with np.errstate(all="ignore"):
            delta = output_delta(run, error, average, slope)
        for own in _matches(question, run.last, delta, penalties, named):
            layers = (*[LayerPlan()] * run.last, twin(own, slope=slope))
            yield Half(Plan(layers, error, average, l2), delta * own.factor)


def _at_layer(
    question: Question, half: Half, layer: int, penalties: Sequence[Array], named: Mapping[float, str]
) -> Iterator[Half]:
    run = question.run
    ways = itertools.product(passes_to_try(run, layer), dropouts_to_try(run, layer), slopes_to_try(run, layer))
    for passing, dropout, slope in ways:
        with np.errstate(all="ignore"):
            arriving = dropped(run, layer, passed(run, layer, half.delta, passing), dropout)
            delta = SLOPES[slope](run, layer, arriving)
        for own in _matches(question, layer, delta, penalties, named):
            layers = list(half.plan.layers)
            layers[layer] = twin(own, passing=passing, dropout=dropout, slope=slope)
            yield Half(twin(half.plan, layers=tuple(layers)), delta * own.factor)


def _matches(
    question: Question, layer: int, delta: Array, penalties: Sequence[Array], named: Mapping[float, str]
) -> Iterator[LayerPlan]:
    """What can be done with an error at a layer so that the user's gradients of kernel and bias come out."""
    if not np.isfinite(delta).all():
        return
    run, place = question.run, question.run.chain.places[layer]
    close = 3 * max(question.tolerance, *question.grains)
    kernels: list[tuple[str, float | None]] = []
    square = len(set(run.point[place.kernel].shape)) == 1 < max(run.point[place.kernel].shape)
    for way in (RIGHT, "transposed") if square else (RIGHT,):
        made = kernel_gradient(run, layer, delta, way)
        kernels += [(way, factor) for factor in _ratio(question, place.kernel, made, penalties)]
    biases: list[tuple[str, float | None]] = [(RIGHT, None)] if place.bias is None else []
    if place.bias is not None and kernels:
        for way, sums in BIASES.items():
            made = sums(delta).reshape(run.point[place.bias].shape)
            biases += [(way, factor) for factor in _ratio(question, place.bias, made, penalties)]
    for (kernel, of_kernel), (bias, of_bias) in itertools.product(kernels, biases):
        known = [own for own in (of_kernel, of_bias) if own is not None]
        for factor in {1.0, *filter(None, (_named(own, named, close) for own in known))}:
            alone = [1.0 if own is None else _named(own / factor, named, close) for own in (of_kernel, of_bias)]
            if alone[0] is not None and alone[1] is not None:
                yield LayerPlan(RIGHT, RIGHT, RIGHT, factor, kernel, alone[0], bias, alone[1])


def _ratio(question: Question, array: int, made: Array, penalties: Sequence[Array]) -> Iterator[float | None]:
    """The factor by which the user's gradient is a made one; None where both are zero; nothing where they differ."""
    given = question.rest(array, penalties)
    size = float(np.sum(made * made))
    size = size if np.sqrt(size) > question.floor else 0.0  # what cancels leaves rounding behind
    factor = float(np.sum(given * made)) / size if size else 0.0
    if question.equal(array, given, factor * made):
        yield factor if size and factor else None


def _named(factor: float, named: Mapping[float, str], tolerance: float) -> float | None:
    """The number with a name that a factor is, if there is one."""
    nearest = min(named, key=lambda one: abs(one - factor))
    return nearest if abs(nearest - factor) <= tolerance * abs(nearest) else None
