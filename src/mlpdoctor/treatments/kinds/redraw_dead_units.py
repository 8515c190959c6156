"""Fresh weights for dead units alone."""

from collections.abc import Iterator

import numpy as np

from mlpdoctor.finding import Finding
from mlpdoctor.layers.nature import activation_of
from mlpdoctor.network import Layer
from mlpdoctor.treatments.anatomy import hidden, line, own, told_layers
from mlpdoctor.treatments.edits import Edit, Redraw
from mlpdoctor.treatments.patient import Patient
from mlpdoctor.treatments.treatment import Nothing, Proposal, Treatment, treatment
from mlpdoctor.wording import count, listing


@treatment("U401 W305", symptoms="U404")
def redraw_dead_units(finding: Finding | None, patient: Patient) -> Iterator[Proposal]:
    """Draws the weights of dead ReLU units anew and leaves the live ones as they are.

    What it changes
        The incoming weights of the units that are zero on every row: he_uniform, and a small bias of either sign.
    Why it proves the cause
        The live units are the same. What the treated model gains over the control, the units that came back did.
    Keeps
        All other weights, the architecture, the optimizer.
    Refuted by
        The units die again, or live and save nothing.
    """
    named = told_layers(finding)
    dead = {name: units for name, units in _dead(patient).items() if not named or name in named}
    dead = dead or _dead(patient)
    if not dead:
        yield Nothing("no hidden layer has dead units of its own")
        return
    edits: tuple[Edit, ...] = tuple(
        Redraw(name, tuple(units), "he_uniform", "random_normal") for name, units in dead.items()
    )
    layers = {layer.name: layer for layer in patient.network.layers}
    total = sum(len(units) for units in dead.values())
    yield Treatment(
        "redraw-dead-units",
        ("U401", "W305"),
        edits,
        f"draw the {count(total, 'dead unit')} of {listing([own(name) for name in dead])} anew",
        "\n".join(
            line(layers[name], kernel_initializer="he_uniform", bias_initializer="random_normal") for name in dead
        ),
        refuted_by="the units die again, or live and save nothing",
    )


def _dead(patient: Patient) -> dict[str, list[int]]:
    """Dead units of hidden Dense layers, by the layer that owns them."""
    network = patient.network
    gated = [layer for layer in hidden(network) if _gated(patient, layer) is not None]
    places = [position for layer in gated if (position := _gated(patient, layer)) is not None]
    seen = patient.behind(*places)
    if seen is None:
        return {}
    found: dict[str, list[int]] = {}
    for layer, values in zip(gated, seen, strict=True):
        units = np.flatnonzero((values.reshape(-1, values.shape[-1]) == 0).all(axis=0)).tolist()
        if units:
            found[layer.name] = units
    return found


def _gated(patient: Patient, layer: Layer) -> int | None:
    """The node behind which a layer's units can be dead: its own, or a rectifier right after it."""
    network = patient.network
    for position, node in enumerate(network.nodes):
        if node.layer is layer:
            function = activation_of(layer)
            if function is None or function.gated:
                return position if function is not None else None
            users = [k for k, other in enumerate(network.nodes) if position in other.sources]
            after = activation_of(network.nodes[users[0]].layer) if len(users) == 1 else None
            return users[0] if function.affine and after is not None and after.gated else None
    return None
