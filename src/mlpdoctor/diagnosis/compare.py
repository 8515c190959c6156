"""Two models on the same rows, or two training histories, side by side."""

import json
import math
from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy as np

from mlpdoctor.core.finding import Finding, Severity
from mlpdoctor.core.network import Layer, Network
from mlpdoctor.core.report_model import Comparison, LayerChange, Report, RungPair, legible_parts
from mlpdoctor.core.text import listing, percent, short
from mlpdoctor.core.threads import RowsRead
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question
from mlpdoctor.diagnosis.shared_data import Sharing
from mlpdoctor.diagnosis.subject import opened

SAME = 1e-6
"""Losses, and weights, that differ by a smaller share are the same: they are stored in single precision."""
BESIDE = frozenset({"name", "trainable", "dtype", "build_config", "module", "registered_name", "batch_shape"})
"""What a configuration says beside what the layer computes."""
LONGEST = 60


def compare(
    before: Question, after: Question, *, stdin: BinaryIO | None = None, progress: RowsRead | None = None
) -> Comparison:
    """Answer two questions and say what differs.

    Args:
        before: of the first model, or the first history.
        after: of the second; the same data, where there are any.
        stdin: where a history comes from when its path is ``-``.
        progress: told the number of rows read.

    Raises:
        InputError: a model, a history or the data cannot be used.
    """
    first, second = opened(before, stdin), opened(after, stdin)
    sharing = Sharing((before, after))
    reports = (
        diagnose(before, progress=progress, subject=first, sharing=sharing),
        diagnose(after, progress=progress, subject=second, sharing=sharing),
    )
    gone, new, kept = _findings(*reports)
    layers = None if before.model is None else layer_changes(first.network, second.network)
    rungs = _rungs(*reports)
    said = "The networks are the same, weights included. " if layers == () else ""
    said += _verdict(rungs, reports, gone, new)
    return legible_parts(Comparison(*reports, said, rungs, gone, new, kept, layers))


def _findings(before: Report, after: Report) -> tuple[tuple[Finding, ...], tuple[Finding, ...], tuple[Finding, ...]]:
    """Those that are gone, new and kept: the same rule at the same layer is the same finding."""
    was, has = ({(f.code, f.layer): f for f in r.findings if f.suppressed is None} for r in (before, after))
    return (
        tuple(finding for key, finding in was.items() if key not in has),
        tuple(finding for key, finding in has.items() if key not in was),
        tuple(finding for key, finding in has.items() if key in was),
    )


def _rungs(before: Report, after: Report) -> tuple[RungPair, ...]:
    """Both ladders in their order, a rung that only the second has behind the one above it."""
    ladders = [() if report.ladder is None else report.ladder.rungs for report in (before, after)]
    was, has = ({rung.name: rung for rung in rungs} for rungs in ladders)
    names = list(was)
    for place, name in enumerate(has):
        if name not in names:
            above = [names.index(one) for one in list(has)[:place] if one in names]
            names.insert(max(above, default=-1) + 1, name)
    return tuple(
        RungPair(
            name,
            (was.get(name) or has[name]).label,
            was[name].value if name in was else None,
            has[name].value if name in has else None,
        )
        for name in names
    )


def layer_changes(before: Network, after: Network) -> tuple[LayerChange, ...]:
    """What became of each layer; those that are the same are left out.

    Layers are matched by name; where two networks have the same kinds of layers in the same order, by their order, for
    names such as ``dense_2`` count the layers that a session has made.
    """
    layers = [[layer for layer in network.layers if layer.kind != "InputLayer"] for network in (before, after)]
    was = {layer.name: layer for layer in layers[0]}
    if [layer.kind for layer in layers[0]] == [layer.kind for layer in layers[1]]:
        has = dict(zip(was, layers[1], strict=True))
    else:
        has = {layer.name: layer for layer in layers[1]}
    found = [LayerChange(name, "removed") for name in was if name not in has]
    found += [LayerChange(name, "added") for name in has if name not in was]
    for name, layer in was.items():
        if name in has:
            options, moved = _options(layer, has[name]), _moved(layer, has[name])
            if options or (moved is not None and moved > SAME):
                found.append(LayerChange(name, "changed", options, moved))
    return tuple(found)


def _options(before: Layer, after: Layer) -> tuple[str, ...]:
    """What differs in two configurations."""
    told = [f"{before.kind} -> {after.kind}"] if before.kind != after.kind else []
    if before.trainable != after.trainable:
        told.append(f"trainable: {before.trainable} -> {after.trainable}")
    for key in sorted((before.config.keys() | after.config.keys()) - BESIDE):
        one, other = before.config.get(key), after.config.get(key)
        if one != other and key in before.config and key in after.config:
            told.append(f"{key}: {_shown(one)} -> {_shown(other)}")
    return tuple(told)


def _shown(value: Any) -> str:  # noqa: ANN401 - any JSON
    if isinstance(value, dict) and "class_name" in value:
        value = value["class_name"]
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= LONGEST else text[:LONGEST] + "..."


def _moved(before: Layer, after: Layer) -> float | None:
    """How far all weights of a layer went, as a share of their size."""
    if not before.weights or before.weights.keys() != after.weights.keys():
        return None
    change = size = 0.0
    for name, old in before.weights.items():
        new = after.weights[name]
        if old.shape != new.shape:
            return None
        was = np.asarray(old, np.float64)
        change += float(np.sum((np.asarray(new, np.float64) - was) ** 2))
        size += float(np.sum(was**2))
    if not math.isfinite(change):
        return None
    return math.sqrt(change / size) if size else (math.inf if change else 0.0)


def _verdict(
    rungs: Sequence[RungPair], reports: tuple[Report, Report], gone: Sequence[Finding], new: Sequence[Finding]
) -> str:
    own = next((pair for pair in rungs if pair.name == "model"), None)
    if own is None or own.before is None or own.after is None:
        last = [None if report.history is None else report.history.last for report in reports]
        own = RungPair("model", "", *last)
    said = []
    if own.before is not None and own.after is not None:
        said.append(f"{_loss(own.before, own.after)}.")
    grave = (Severity.ERROR, Severity.WARNING)
    for found, what in ((gone, "Gone"), (new, "New")):
        names = [f"{finding.code} {finding.name}" for finding in found if finding.severity in grave]
        if names:
            said.append(f"{what}: {listing(list(dict.fromkeys(names)), 3)}.")
    if not any(finding.severity in grave for finding in (*gone, *new)):
        said.append("The same errors and warnings are found." if _grave(reports[1]) else "No errors or warnings.")
    return " ".join(said)


def _grave(report: Report) -> bool:
    return any(finding.severity is not Severity.NOTE and finding.suppressed is None for finding in report.findings)


def _loss(before: float, after: float) -> str:
    if not (math.isfinite(before) and math.isfinite(after)):
        return f"The loss went from {short(before)} to {short(after)}"
    if abs(after - before) <= SAME * abs(before):
        return f"The loss is the same, {short(after)}"
    way = "lower" if after < before else "higher"
    told = f"The loss went from {short(before)} to {short(after)}"
    return told if before <= 0 or after < 0 else f"{told}, {percent(abs(after - before) / before)} {way}"
