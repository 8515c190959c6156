"""Which network of dense layers the user's arrays are: the one that is named, or whose loss is the user's loss."""

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from mlpdoctor.core.errors import InputError, closest
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.gradcheck.chain import KINDS, Chain, LossForm, Masks, Place, terms
from mlpdoctor.gradcheck.code import Code, Point
from mlpdoctor.nn.layers.activations.named import activation_of, named_activations
from mlpdoctor.nn.layers.family import Activation

AGREEMENT = {"float32": 3e-5, "float64": 2e-6}
"""Relative difference up to which our loss is the user's: theirs may have a logarithm guarded by 1e-8."""
HIDDEN = ("tanh", "sigmoid", "relu", "linear", "leaky_relu", "elu", "softplus")
OUTPUTS = ("linear", "sigmoid", "softmax", "tanh", "relu")
"""What is tried where the user does not name the layers."""
BIAS_BEGINNINGS = ("b", "intercept")


def named_layers(layers: object) -> list[Activation]:
    """The activations that the user names, from the input on.

    Args:
        layers: ``"tanh,tanh,linear"`` or a list of names.

    Raises:
        InputError: one has no such name.
    """
    words = layers.split(",") if isinstance(layers, str) else layers
    if not isinstance(words, list | tuple) or not all(isinstance(word, str) for word in words):
        raise InputError(f'layers is {layers!r}; expected names of activations, as in layers = "tanh,tanh,linear"')
    found = []
    for word in words:
        known = activation_of(word.strip().lower())
        if known is None:
            hint = closest(word.strip(), named_activations())
            raise InputError(f"layers names the activation {word.strip()!r}, which is not known{hint}")
        found.append(known)
    return found


def recognised(
    names: Sequence[str],
    points: Sequence[Point],
    losses: Sequence[float],
    x: Array,
    y: Array,
    activations: Sequence[Activation] | None,
    arithmetic: str,
    masks: Masks = (),
) -> Chain | None:
    """The network whose loss is the user's at all points; None where none is.

    Args:
        names: of the parameters.
        points: parameters at several places.
        losses: the user's loss there.
        x: features as the user has them.
        y: targets, likewise.
        activations: of the layers, where they are named.
        arithmetic: ``float32`` or ``float64``.
        masks: of dropout, in the orientation of the features.
    """
    tolerance = AGREEMENT[arithmetic]
    seen = set()
    for places, columns, transposed in product(_places(names, points[0]), (False, True), (False, True)):
        rows, targets = _upright(x, columns=columns), _upright(y, columns=columns)
        widths = _widths(places, points[0], rows.shape[1], transposed=transposed)
        dropped = [None if mask is None else _upright(mask, columns=columns) for mask in masks]
        if widths is None or len(rows) != len(targets) or not _masking(dropped, widths, len(rows)):
            continue
        for chosen in _activations(len(places), activations):
            aimed = _aimed(targets, widths[-1])
            if aimed is None:
                continue
            key = (tuple(places), transposed, columns, tuple(one.name for one in chosen))
            if key in seen:
                continue
            seen.add(key)
            chain = Chain(places, chosen, transposed, columns, rows, aimed, LossForm("mse", "all"), dropped)
            form = _form(chain, points, losses, tolerance)
            if form is not None:
                return Chain(places, chosen, transposed, columns, rows, aimed, form, dropped)
    return None


def _masking(masks: Masks, widths: Sequence[int], rows: int) -> bool:
    """Whether each mask is of the shape of its layer's output."""
    pairs = zip(masks, widths, strict=False)
    return len(masks) <= len(widths) and all(mask is None or mask.shape == (rows, width) for mask, width in pairs)


def _upright(values: Array, *, columns: bool) -> Array:
    if values.ndim == 1:
        return values[:, None]
    return values.T if columns else values.reshape(len(values), -1)


def _aimed(targets: Array, units: int) -> Array | None:
    """Targets as one column for each unit; class numbers become ones and zeros."""
    if targets.shape[1] == units:
        return targets
    whole = targets.shape[1] == 1 and bool(np.all(targets == np.round(targets)))
    if whole and units > 1 and targets.min() >= 0 and targets.max() < units:
        return np.asarray(np.eye(units)[targets[:, 0].astype(int)])
    return None


def _places(names: Sequence[str], point: Point) -> Iterator[list[Place]]:
    """Ways in which the parameters can be kernels and biases: as their names say, in pairs, or one kind after other."""
    number = len(names)
    words = [name.rpartition(".")[2].lower() for name in names]
    biases = [place for place, word in enumerate(words) if word.startswith(BIAS_BEGINNINGS)]
    kernels = [place for place in range(number) if place not in biases]
    if len(biases) == len(kernels):
        yield [Place(kernel, bias) for kernel, bias in zip(kernels, biases, strict=True)]
    if number % 2 == 0:
        half = number // 2
        yield [Place(2 * layer, 2 * layer + 1) for layer in range(half)]
        yield [Place(layer, half + layer) for layer in range(half)]
    yield [Place(layer, None) for layer in range(number) if point[layer].ndim == 2]  # noqa: PLR2004


def _widths(places: Sequence[Place], point: Point, features: int, *, transposed: bool) -> list[int] | None:
    """How many units each layer has; None where the shapes do not follow each other."""
    used = {place.kernel for place in places} | {place.bias for place in places if place.bias is not None}
    if not places or len(used) != len(point):
        return None
    widths, entering = [], features
    for place in places:
        shape = point[place.kernel].shape
        if len(shape) != 2 or shape[1 if transposed else 0] != entering:  # noqa: PLR2004
            return None
        entering = shape[0 if transposed else 1]
        if place.bias is not None and (point[place.bias].size != entering or max(point[place.bias].shape, default=1) != entering):  # fmt: skip  # noqa: E501
            return None
        widths.append(entering)
    return widths


def _activations(number: int, named: Sequence[Activation] | None) -> Iterator[list[Activation]]:
    if named is not None:
        if len(named) == number:
            yield list(named)
        return
    known = named_activations()
    for hidden, output in product(HIDDEN if number > 1 else ("tanh",), OUTPUTS):
        yield [known[hidden]] * (number - 1) + [known[output]]


def _form(chain: Chain, points: Sequence[Point], losses: Sequence[float], tolerance: float) -> LossForm | None:
    """The loss that gives the user's numbers with this chain; None where none does."""
    outputs = [chain.forward(point)[1][-1] for point in points]
    rows, units = chain.y.shape
    target = np.array(losses)
    fits: list[LossForm] = []
    for kind in KINDS:
        with np.errstate(all="ignore"):  # a logarithm of what is no probability
            totals = np.array([float(np.sum(terms(kind, seen, chain.y))) for seen in outputs])
        if not np.isfinite(totals).all():
            continue
        for mean, half in product(("all", "rows", "none"), (False, True)):
            form = LossForm(kind, mean, half)
            rest = target - form.factor(rows, units) * totals
            if np.all(np.abs(rest) <= tolerance * np.abs(target)):
                return form
            fits += _penalised(form, chain, points, rest, tolerance * np.abs(target))
    return fits[0] if fits else None


def _penalised(
    form: LossForm, chain: Chain, points: Sequence[Point], rest: Array, tolerance: Array
) -> Iterator[LossForm]:
    """The same loss with a penalty on the weights, where one factor of it explains the rest at all points."""
    for biases in (False, True):
        sizes = np.array([chain.penalised(point, biases=biases) for point in points])
        factor = float(rest @ sizes / (sizes @ sizes))
        if factor > 0 and np.all(np.abs(rest - factor * sizes) <= tolerance):
            yield LossForm(form.kind, form.mean, form.half, factor, biases)


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows that the loss is computed on.

    Attributes:
        x: features.
        y: targets.
        masks: of dropout, of each layer.
    """

    x: Array
    y: Array
    masks: Masks

    @classmethod
    def of(cls, x: object, y: object, masks: object) -> "Rows | None":
        """What the user gave, as arrays; None where the rows are not known."""
        if x is None or y is None:
            return None
        if not isinstance(masks, list | tuple | None):
            raise InputError(f"masks is {type(masks).__name__}; expected a list with an array or None for each layer")
        named = enumerate(masks or ())
        dropped = [None if mask is None else _data(mask, f"masks[{place}]") for place, mask in named]
        return cls(_data(x, "x"), _data(y, "y"), dropped)


def chain_of(
    code: Code, points: Sequence[Point], losses: Sequence[float], layers: object, rows: Rows | None
) -> tuple[Chain | None, str | None]:
    """The network behind the arrays, or why it is not known; another one than the user names, where that is it."""
    activations = None if layers is None else named_layers(layers)
    if rows is None:
        return None, "x and y are not given"
    for tried in [activations] if activations is None else [activations, None]:
        found = recognised(code.names, points, losses, rows.x, rows.y, tried, code.arithmetic, rows.masks)
        if found is not None:
            return found, None
    of = f"layers {layers}" if layers is not None else "dense layers with usual activations"
    return None, f"no network of {of} with a usual loss on x and y gives the numbers that loss() gives"


def misnamed_of(chain: Chain | None, layers: object, why_not: str | None) -> str | None:
    """What is wrong with the layers that the user names, where the loss is that of others."""
    if chain is None:
        return f"The layers may be named wrongly: {why_not}."
    told, own = (", ".join(one.name for one in names) for names in (named_layers(layers), chain.activations))
    return None if told == own else f"layers says {told}, and the loss is that of {own}: those were taken."


def _data(values: object, name: str) -> Array:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{name} does not hold numbers") from None
    if not array.ndim or not array.size or not np.isfinite(array).all():
        raise InputError(f"{name} must be an array of finite numbers; it has shape {array.shape}")
    return array
