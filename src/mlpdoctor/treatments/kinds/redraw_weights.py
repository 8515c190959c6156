"""Fresh weights for the whole network."""

from collections.abc import Iterator

from mlpdoctor.finding import Finding
from mlpdoctor.network import Layer, Network
from mlpdoctor.treatments.anatomy import drawable, fitting_initializer, line, sane_initializer
from mlpdoctor.treatments.edits import Redraw
from mlpdoctor.treatments.patient import Patient
from mlpdoctor.treatments.treatment import Nothing, Proposal, Treatment, treatment


@treatment(
    "W303 W302 W301 U402 U404 U405 W305 G602",
    symptoms="U401 G601 G606 L501 L502 L504 L506 U403 A107 G603 D713",
    companion=3,
)
def redraw_weights(finding: Finding | None, patient: Patient) -> Iterator[Proposal]:
    """Draws all weights anew, each kernel by the initializer that suits what follows it.

    What it changes
        The values of all trainable weights: he_uniform before relu and its kin, glorot_uniform elsewhere, biases from
        their own initializer. Layers that hold moments of the data and frozen ones are left alone.
    Why it proves the cause
        Architecture, loss, optimizer and data are the same. If training now gets further, where it started from, or
        where it had got lost, is what held it.
    Keeps
        Everything but the weights.
    Refuted by
        The loss comes back to where it was.
    """
    del finding
    layers = drawable(patient.network)
    if not layers:
        yield Nothing("no layer has weights that training changes")
        return
    edits = suited(patient.network)
    names = dict.fromkeys(edit.initializer for edit in edits if edit.initializer)
    first = next((layer for layer in layers if "kernel" in layer.weights), layers[0])
    yield Treatment(
        "redraw-weights",
        ("G602", "W301", "W302", "W303", "W305", "U401", "U402", "U404", "U405"),
        edits,
        f"draw all weights anew ({' and '.join(names) or 'their own initializers'})",
        code(patient.network, first),
        refuted_by="the loss comes back to where it was",
    )


def suited(network: Network) -> tuple[Redraw, ...]:
    """Fresh weights for all layers, by the initializer that suits each."""
    return tuple(
        Redraw(layer.name, initializer=fitting_initializer(network, layer) if "kernel" in layer.weights else None)
        for layer in drawable(network)
    )


def fresh(network: Network) -> tuple[Redraw, ...]:
    """Fresh weights for all layers, by the file's own initializers where those look at the number of inputs."""
    return tuple(
        Redraw(
            layer.name,
            initializer=fitting_initializer(network, layer)
            if "kernel" in layer.weights and not sane_initializer(layer)
            else None,
        )
        for layer in drawable(network)
    )


def code(network: Network, layer: Layer) -> str:
    """The line of one layer."""
    return line(layer, kernel_initializer=fitting_initializer(network, layer))
