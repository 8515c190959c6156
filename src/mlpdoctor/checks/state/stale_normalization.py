"""W308: normalising layers whose stored moments are not those of the data."""

import math
from collections.abc import Iterator

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Layer
from mlpdoctor.core.text import percent, quoted, short
from mlpdoctor.facts.ladder.loss_position import LossPosition, severity
from mlpdoctor.facts.network.stored_moments import BATCH, Gap, StoredMoments
from mlpdoctor.facts.training.training import Training
from mlpdoctor.nn.layers.family import number
from mlpdoctor.statistics.moments import NormalisedMoments

LEAST_ROWS = 30
"""Moments of fewer rows differ from those of training by chance alone."""
REMAINS = 0.1
"""Share of a moving average's start that is worth naming."""


@check(
    "W308",
    Severity.ERROR,
    "{what}",
    stage=Stage.START,
    disturbs=Part.UNITS | Part.PACE | Part.LOSS,
    because="D713",
    names=("input scale",),
)
def stale_normalization(
    layer: Layer,
    seen: NormalisedMoments | None,
    position: LossPosition | None,
    training: Training,
    *,
    shifted: float = 2.0,
    stretched: float = 4.0,
) -> Iterator[Evidence]:
    """A normalising layer whose stored moments are not those of the data.

    Why it matters
        A Normalization layer that was never adapted subtracts 0 and divides by 1: the data go through as they
        are. At inference BatchNormalization uses moving averages, which start from mean 0 and variance 1 and
        take over a hundredth of each batch; after few updates, or on data of another scale, they are far from
        what enters, and the model that trained well in its log predicts nonsense.
    How to fix it
        Call adapt on the training data before building the model; for BatchNormalization train longer, or with
        a momentum of 0.9, and on data of the same scale.
    When it stays silent
        Data that are standard already; differences between the batches of training and all rows; moving
        averages of a model that has not been trained; fewer than 30 rows.
    How sure
        Measured: both moments of every column, side by side.
    References
        Ioffe and Szegedy, Batch normalization, 2015, section 3.1.
    """
    stored = StoredMoments.of(layer)
    if stored is None:
        return
    if seen is None:
        if layer.kind != BATCH and stored.fresh:
            yield _never_adapted(layer, None, Severity.WARNING)
        return
    if position is not None and not math.isfinite(position.model):
        return  # for a broken model see W301
    if seen.rows < LEAST_ROWS or (layer.kind == BATCH and training.never):
        return
    gap = stored.gap(seen, shifted, stretched)
    if gap is None:
        return
    given = severity(position)
    if layer.kind != BATCH and stored.fresh:
        yield _never_adapted(layer, gap, given)
        return
    yield _elsewhere(layer, gap, training, given, single=layer.kind == BATCH and stored.of_single_rows)


def _never_adapted(layer: Layer, gap: Gap | None, given: Severity) -> Evidence:
    name = layer.short_name
    column = (
        "" if gap is None else f"; column {gap.column + 1} has mean {short(gap.seen[0], 3)} and standard deviation "
    )
    rest = "" if gap is None else short(gap.seen[1], 3)
    return Evidence(
        numbers={
            "what": f"never adapted: it subtracts 0 and divides by 1{column}{rest}",
            **Gap.numbers(gap),
        },
        certainty=Certainty.MEASURED,
        severity=given,
        why="A Normalization layer learns its moments from adapt, not from fit: without it the data go through as they "
        "are.",
        remedy=Remedy(
            "adapt the layer to the training data before the model is built, and train from scratch",
            f"model.get_layer({quoted(name)}).adapt(x_train)",
        ),
        strength=1.0,
        verdict=f"The layer {layer.name} normalises nothing: it was never adapted to the data.",
    )


def _elsewhere(layer: Layer, gap: Gap, training: Training, given: Severity, *, single: bool) -> Evidence:
    batch = layer.kind == BATCH
    start = number(layer.config.get("momentum"), 0.99) ** (training.updates or 0) if batch and training.updates else 0.0
    remains = start > REMAINS
    why = (
        f"After {training.updates:,} updates {percent(start)} of the moving averages is still their start, 0 and 1."
        if remains
        else "At inference the layer uses the stored moments: these data come out of it on a scale that the layers "
        "behind have not seen."
    )
    if single:
        why = "Its stored variances are next to 0: in a batch of one row every number is its own mean, and becomes 0."
    name = layer.short_name
    code = (
        "model.fit(x, y, batch_size=32)"
        if single
        else f"BatchNormalization(momentum=0.9, name={quoted(name)})"
        if batch
        else f"model.get_layer({quoted(name)}).adapt(x_train)"
    )
    text = (
        "train with more rows in a batch"
        if single
        else "train longer, or let the moving averages follow faster"
        if batch
        else "give the data as they were in training, or adapt the layer to these and train from scratch"
    )
    return Evidence(
        numbers={
            "what": f"it expects mean {short(gap.stored[0], 3)} and standard deviation "
            f"{short(gap.stored[1], 3)} in its column {gap.column + 1}, and gets {short(gap.seen[0], 3)} and "
            f"{short(gap.seen[1], 3)}",
            **Gap.numbers(gap),
            "start_share": start,
        },
        certainty=Certainty.MEASURED,
        severity=given,
        why=why,
        remedy=Remedy(text, code),
        strength=0.9,
        verdict=f"{layer.name} was trained on batches of one row, of which it makes zeros: nothing gets through it in "
        "training, and something else does afterwards."
        if single
        else f"The stored moments of {layer.name} are not those of these data, so the layers behind it see another "
        "scale than in training.",
    )
