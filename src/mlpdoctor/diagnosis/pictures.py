"""Gathers what the figures of a page show beyond the report: asked for by a page alone, in the run that it reports."""

import math
from collections.abc import Iterator

import numpy as np

from mlpdoctor.core.check import Absent
from mlpdoctor.core.network import Array, Layer, Network
from mlpdoctor.core.pictures import MOST_ROWS, STATES, Classes, Fit, LayerPicture, LayerSizes, Numbers, Pictures
from mlpdoctor.diagnosis.picture_fits import BINS, Shown, answers, fits
from mlpdoctor.diagnosis.resolve import FactResolver
from mlpdoctor.diagnosis.summary import traces
from mlpdoctor.engine.passes import MOST_CELLS, Engine, Only, cells
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.outputs.class_record import tells_classes
from mlpdoctor.facts.outputs.heads import read_by
from mlpdoctor.facts.training.gradient_flow import GradientFlow
from mlpdoctor.facts.training.gradients import Gradients
from mlpdoctor.facts.training.trial_updates import Continuation
from mlpdoctor.nn.layers.family import Activation
from mlpdoctor.nn.layers.properties import activation_of, mixes
from mlpdoctor.nn.layers.unsupported_layers import by_unit, channels
from mlpdoctor.nn.output_head import OutputHead
from mlpdoctor.statistics.losses_and_targets import TargetValues
from mlpdoctor.statistics.rows import RowSample
from mlpdoctor.statistics.unit_activity import Firing, Flatness

MOST_LABELS = 12
"""Classes in a table; of more those with the most rows."""
EVEN = 0.5


def class_pictures(rows: Shown, objective: Objective, engine: Engine, resolver: FactResolver) -> tuple[Classes, ...]:
    """Confusions and calibration of each output that tells classes apart."""
    values = resolver.get(TargetValues)
    heads = objective.heads.heads
    chosen = [head for head in heads if not isinstance(values, Absent) and tells_classes(head, values)]
    if not chosen:
        return ()
    read = read_by(heads, engine, rows.features, objective.passes.block_rows)
    return tuple(_of_head(head, rows, answers(head, head.read(read), classes=True)) for head in chosen)


def _of_head(head: OutputHead, rows: Shown, own: Array) -> Classes:
    encoded = head.targets(rows.targets)
    if head.units > 1 and bool((encoded.sum(axis=1) == 1).all()):
        true, said = encoded.argmax(axis=1), own.argmax(axis=1)
        sure = own.max(axis=1)
        labels = [str(k) for k in range(head.units)]
    else:  # each unit answers a question of its own; all of them are counted together
        true, said = (encoded > EVEN).astype(int).ravel(), (own > EVEN).astype(int).ravel()
        sure = np.maximum(own, 1 - own).ravel()
        labels = ["0", "1"]
    kept = np.sort(np.argsort(-np.bincount(true, minlength=len(labels)), kind="stable")[:MOST_LABELS])
    counts = tuple(tuple(int(((true == a) & (said == b)).sum()) for b in kept) for a in kept)
    bins = list(_calibration(sure, true == said, 1 / len(labels)))
    return Classes(
        output=head.name,
        labels=tuple(labels[k] for k in kept),
        counts=counts,
        left_out=len(labels) - len(kept),
        claimed=tuple(one[0] for one in bins),
        right=tuple(one[1] for one in bins),
        rows=tuple(one[2] for one in bins),
    )


def _calibration(sure: Array, right: Array, least: float) -> Iterator[tuple[float, float, int]]:
    """Bins of the probability of the answer: its mean, the share that is right, how many rows."""
    edges = np.linspace(least, 1.0, BINS + 1)
    place = np.clip(np.searchsorted(edges, sure, side="right") - 1, 0, BINS - 1)
    for one in range(BINS):
        rows = place == one
        if rows.any():
            yield float(sure[rows].mean()), float(right[rows].mean()), int(rows.sum())


NEEDS = (RowSample, Firing, Flatness)
"""Statistics of the one pass that figures are made of."""
WEIGHT_BINS = 40
OUTSIDE = 0.5
"""Per cent of the pre-activations that may lie beyond either end of a histogram, lest a few stretch it."""
FLAT_ROWS = 0.5
"""A unit that is flat on half of the rows counts as saturated, as it does for U402."""
STRAIGHT = 0.95
"""A saturating unit whose mean slope is so near the steepest works as a line."""
MOST_LAYERS, HALF = 12, 6
"""Of deeper networks the first and the last are shown."""


def pictures(resolver: FactResolver) -> Pictures:
    """What can be shown: of a network that cannot be run, or without data, the learning rate alone."""
    sample, passes, history = resolver.get(RowSample), resolver.passes, resolver.history
    run = None if history is None else history.last
    rate = next(iter(() if run is None else traces(run.learning_rate)), None)
    if isinstance(sample, Absent) or passes is None or passes.engine is None or resolver.no_forward is not None:
        return Pictures(0, 0, rate=rate)
    engine, network = passes.engine, resolver.network
    most = min(MOST_ROWS, max(MOST_CELLS // cells(network), 100))
    features, targets = sample.features[:most], sample.targets[:most]
    watched = _watched(network)
    kept: dict[int, Array] = {}
    engine.forward(features, Only(watched, lambda place, before, _: kept.update({place: before})))
    objective = resolver.get(Objective)
    shown: tuple[Fit, ...] = ()
    told: tuple[Classes, ...] = ()
    many = 0
    if not isinstance(objective, Absent):
        names = passes.dataset
        rows = Shown(features, targets, tuple(names.feature_names), tuple(names.target_names))
        shown, many = fits(rows, objective, engine, resolver)
        told = class_pictures(rows, objective, engine, resolver)
    usable = objective.rows if not isinstance(objective, Absent) else len(sample.features)
    sizes, reference, updates = _sizes(network, resolver)
    return Pictures(
        rows=len(features),
        of=max(usable, len(features)),
        fits=shown,
        targets=many,
        classes=told,
        layers=tuple(_layer(resolver, network, place, before, usable) for place, before in sorted(kept.items())),
        sizes=sizes,
        reference=reference,
        updates=updates,
        rate=rate,
    )


def _watched(network: Network) -> frozenset[int]:
    """The nodes whose units are shown: those with an activation, and learned ones that none comes after."""
    following: dict[int, list[int]] = {}
    for place, node in enumerate(network.nodes):
        for source in node.sources:
            following.setdefault(source, []).append(place)
    bent = [(found := activation_of(node.layer)) is not None and not found.affine for node in network.nodes]
    learned = [mixes(node.layer) for node in network.nodes]

    def bends_later(place: int) -> bool:
        after = following.get(place, [])
        return any(bent[one] or (not learned[one] and bends_later(one)) for one in after if not learned[one])

    watched = [
        place
        for place in range(len(network.nodes))
        if activation_of(network.nodes[place].layer) is not None
        and (bent[place] or (learned[place] and not bends_later(place)))
    ]
    return frozenset(watched if len(watched) <= MOST_LAYERS else watched[:HALF] + watched[-HALF:])


def _layer(resolver: FactResolver, network: Network, place: int, before: Array, usable: int) -> LayerPicture:
    layer = network.nodes[place].layer
    function = activation_of(layer)
    assert function is not None  # noqa: S101  those alone are watched
    sums = by_unit(before, channels(network).get(place))
    finite = sums[np.isfinite(sums)]
    low, high = (0.0, 0.0) if not finite.size else np.percentile(finite, [OUTSIDE, 100 - OUTSIDE])
    low, high = min(float(low), 0.0), max(float(high), 0.0)
    if not high > low:
        low, high = low - 1.0, high + 1.0
    edges = np.linspace(low, high, WEIGHT_BINS + 1)
    counts, _ = np.histogram(np.clip(finite, low, high), edges)
    places = max(len(sums) // max(len(before), 1), 1)
    states, rows = _states(resolver, layer, function, sums.shape[1], places, usable)
    return LayerPicture(
        name=layer.name,
        activation=function.name,
        edges=_numbers(edges),
        counts=tuple(int(count) for count in counts),
        curve=() if function.derivative is None else _curve(function, edges, before.shape[1:]),
        states=states,
        rows=rows,
    )


def _curve(function: Activation, edges: Array, shape: tuple[int, ...]) -> Numbers:
    """The activation at the edges: the mean over the units where each has a slope of its own."""
    grid = np.broadcast_to(edges.reshape(-1, *(1 for _ in shape)), (len(edges), *shape))
    return _numbers(function.function(grid).reshape(len(edges), -1).mean(axis=1))


def _states(
    resolver: FactResolver, layer: Layer, function: Activation, units: int, places: int, usable: int
) -> tuple[tuple[int, ...], int]:
    """What each unit does: counted on all rows where the pass did that, else told from the function."""
    working, linear, saturated, dead = range(len(STATES))
    firing = resolver.statistics.get((Firing, layer.name))
    flat = resolver.statistics.get((Flatness, layer.name))
    found = np.full(units, linear if function.affine else working)
    if isinstance(firing, Firing) and len(firing.fired) == units:
        found[firing.fired >= firing.rows * places] = linear
        found[firing.dead] = dead
        return tuple(int(one) for one in found), firing.rows
    if isinstance(flat, Flatness) and len(flat.flat) == units:
        found[flat.slope / flat.rows >= STRAIGHT] = linear
        found[flat.flat / flat.rows >= FLAT_ROWS] = saturated
        return tuple(int(one) for one in found), flat.rows // places
    return tuple(int(one) for one in found), usable


def _sizes(network: Network, resolver: FactResolver) -> tuple[tuple[LayerSizes, ...], float | None, int]:
    gradients, flow, trial = (resolver.get(kind) for kind in (Gradients, GradientFlow, Continuation))
    moved = {} if isinstance(trial, Absent) else trial.saved.moved
    found = []
    for layer in network.layers:
        kernel = layer.weights.get("kernel")
        if not mixes(layer) or kernel is None or not np.size(kernel):
            continue
        reached = None if isinstance(gradients, Absent) else gradients.units.get(layer.name)
        with np.errstate(all="ignore"):
            size = math.sqrt(float(np.mean(np.square(np.asarray(kernel, np.float64)))))
            arriving = None if reached is None else math.sqrt(float(np.square(reached.root_mean_square).sum()))
        found.append(LayerSizes(layer.name, size, arriving, moved.get(layer.name)))
    reference = None if isinstance(flow, Absent) else flow.last.size
    return tuple(found), reference, 0 if isinstance(trial, Absent) else trial.saved.updates


def _numbers(values: Array) -> Numbers:
    return tuple(float(value) for value in values)
