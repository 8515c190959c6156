"""Layers that train again."""

from collections.abc import Iterator

from mlpdoctor.core.finding import Finding
from mlpdoctor.core.text import listing, quoted
from mlpdoctor.nn.layers.graph import adjustable
from mlpdoctor.nn.layers.properties import is_learned
from mlpdoctor.treat.case import Case, Nothing, Proposal, Treatment, treatment
from mlpdoctor.treat.editing.edits import Edit, Redraw, SetOption
from mlpdoctor.treat.editing.model_queries import HOLDS_MOMENTS, fitting_initializer, told_layers


@treatment("A103", symptoms="L502 L504 U405")
def unfreeze(finding: Finding | None, case: Case) -> Iterator[Proposal]:
    """Lets frozen layers train.

    What it changes
        The option trainable of the frozen layers named, or of all that have weights to train. A second trial draws
        their weights anew as well: what was frozen may be of no use.
    Why it proves the cause
        All weights are the same at the start of the first trial. What the treated side gains, the frozen layers had
        kept.
    Keeps
        All other weights, the architecture, the optimizer.
    Refuted by
        A loss no lower than the control's.
    """
    named = told_layers(finding, "frozen_layers")
    frozen = [layer for layer in case.network.layers if not layer.trainable and adjustable(layer)]
    chosen = [layer for layer in frozen if layer.name in named] or frozen
    if not chosen:
        yield Nothing("no layer is frozen")
        return
    edits: tuple[Edit, ...] = tuple(SetOption(layer.name, "trainable", True) for layer in chosen)
    yield Treatment(
        "unfreeze",
        ("A103",),
        edits,
        f"let {listing([layer.short_name for layer in chosen])} train",
        "\n".join(f"model.get_layer({quoted(layer.short_name)}).trainable = True" for layer in chosen),
    )
    drawn = [layer for layer in chosen if layer.kind not in HOLDS_MOMENTS and layer.registered is None]
    if finding is not None and drawn:
        names = listing([layer.short_name for layer in chosen])
        anew: tuple[Edit, ...] = tuple(
            Redraw(layer.name, initializer=fitting_initializer(case.network, layer) if is_learned(layer) else None)
            for layer in drawn
        )
        yield Treatment(
            "unfreeze",
            ("A103",),
            (*edits, *anew),
            f"let {names} train, from fresh weights",
            "\n".join(f"model.get_layer({quoted(layer.short_name)}).trainable = True" for layer in chosen),
        )
