"""A first layer that sees fast swings."""

from collections.abc import Iterator

import numpy as np

from mlpdoctor.core.finding import Finding
from mlpdoctor.core.text import quoted
from mlpdoctor.nn.layers.entry_layers import entry_layers
from mlpdoctor.treat.case import Case, Nothing, Proposal, Treatment, treatment
from mlpdoctor.treat.editing.edits import Edit, Json, Redraw, Widen
from mlpdoctor.treat.editing.model_queries import own
from mlpdoctor.treat.treatments.fresh_weights import fresh

UNITS = 64
"""Random features are drawn, not learned: it takes many."""


@treatment("D714")
def sharpen_first_layer(finding: Finding | None, case: Case) -> Iterator[Proposal]:
    """Draws the first layer's weights at the frequency of the target, so that its units bend once a swing.

    What it changes
        The first Dense layer gets at least 64 units, kernel weights of the size of the frequency found, and biases
        that spread the bends over the rows. All other weights are drawn anew, for the control as well.
    Why it proves the cause
        Both sides start afresh and differ in the frequency that the first layer sees. Sines and cosines of the input
        as features do better still; they are no layer of Keras's, so that this trial does without.
    Keeps
        The architecture but for that width, the optimizer, the loss.
    Refuted by
        The control gets as far from fresh weights.
    """
    told = None if finding is None else finding.evidence.numbers.get("angular_frequency")
    found = entry_layers(case.network)
    door = found[0] if len(found) == 1 and found[0].raw else None
    if door is None or door.layer.kind != "Dense" or not isinstance(told, dict) or not told:
        yield Nothing("no swing was found that a first Dense layer sees as it is")
        return
    wave = max(float(value) for value in told.values() if isinstance(value, int | float))
    reach = wave * float(np.abs(case.features).max())
    name, units = door.layer.name, int(door.layer.config.get("units", 0))
    shared: tuple[Edit, ...] = fresh(case.network)
    wider: tuple[Edit, ...] = (Widen(name, UNITS),) if units < UNITS else ()
    sharp = Redraw(name, None, _drawn("RandomNormal", mean=0.0, stddev=wave),
                   _drawn("RandomUniform", minval=-reach, maxval=reach))  # fmt: skip
    yield Treatment(
        "sharpen-first-layer",
        ("D714",),
        (*shared, *wider, sharp),
        f"draw the weights of {own(name)} at {wave:.3g} radians a unit, for {max(units, UNITS)} units",
        f"Dense({max(units, UNITS)}, kernel_initializer=keras.initializers.RandomNormal(stddev={wave:.3g}), "
        f"bias_initializer=keras.initializers.RandomUniform({-reach:.3g}, {reach:.3g}), name={quoted(own(name))})",
        shared,
    )


def _drawn(kind: str, **options: float) -> Json:
    config = {**options, "seed": None}
    return {"module": "keras.initializers", "class_name": kind, "config": config, "registered_name": None}
