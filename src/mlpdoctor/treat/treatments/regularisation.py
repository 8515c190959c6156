"""No dropout; no penalties and constraints."""

from collections.abc import Iterator

from mlpdoctor.core.finding import Finding
from mlpdoctor.core.network import Layer
from mlpdoctor.core.text import listing
from mlpdoctor.treat.case import Case, Nothing, Proposal, Treatment, treatment
from mlpdoctor.treat.editing.edits import Compile, Edit, Remove, SetOption
from mlpdoctor.treat.editing.model_queries import line, told_layers
from mlpdoctor.treat.treatments.fresh_weights import suited

RATES = {"Dropout": "rate", "AlphaDropout": "rate", "GaussianDropout": "rate", "GaussianNoise": "stddev"}


@treatment("A104", symptoms="L501 L504 L506 U405")
def remove_dropout(finding: Finding | None, case: Case) -> Iterator[Proposal]:
    """Switches dropout off.

    What it changes
        The rate of the dropout layers named, or of all, becomes 0; the layers stay where they are.
    Why it proves the cause
        Both sides are judged without dropout. The treated one was trained without it too: what it gains, the noise
        had cost.
    Keeps
        All weights, all names, the optimizer.
    Refuted by
        A loss no lower than the control's.
    """
    named = told_layers(finding, "layers")
    noisy = [
        layer
        for layer in case.network.layers
        if layer.kind in RATES and layer.config.get(RATES[layer.kind]) and "/" not in layer.kind
    ]
    chosen = [layer for layer in noisy if layer.name in named] or noisy
    if not chosen:
        yield Nothing("there is no dropout")
        return
    edits: tuple[Edit, ...] = tuple(SetOption(layer.name, RATES[layer.kind], 0.0) for layer in chosen)
    yield Treatment(
        "remove-dropout",
        ("A104",),
        edits,
        f"set the rate of {listing([layer.short_name for layer in chosen])} to 0",
        "\n".join(line(layer, **{RATES[layer.kind]: 0.0}) for layer in chosen),
    )


ENDS = ("_regularizer", "_constraint")


@treatment("W307", symptoms="U401 U404 U405 L502 L501 L504")
def remove_penalties(finding: Finding | None, case: Case) -> Iterator[Proposal]:
    """Trains without penalties, constraints and weight decay.

    What it changes
        Every regularizer and constraint of every layer becomes None, and the optimizer's weight decay too. Where they
        have pressed the weights to nothing a second trial re-initialises these, for both sides.
    Why it proves the cause
        Both sides are judged by the loss on the data, without penalties. What the treated one gains, they had kept.
    Keeps
        All weights, the architecture, the optimizer's other options.
    Refuted by
        A loss on the data no lower than the control's.
    """
    network = case.network
    edits: list[Edit] = []
    names = []
    for layer in network.layers:
        if layer.kind == "ActivityRegularization":
            edits.append(Remove(layer.name))
            names.append(layer.short_name)
            continue
        given = _given(layer)
        edits += [SetOption(layer.name, key, None) for key in given]
        names += [f"{key} of {layer.short_name}" for key in given]
    if network.optimizer is not None and network.optimizer.options.get("weight_decay"):
        edits.append(Compile("weight_decay", 0.0))
        names.append("weight_decay")
    if not edits:
        yield Nothing("there are no penalties or constraints")
        return
    code = "\n".join(line(layer, **dict.fromkeys(_given(layer))) for layer in network.layers if _given(layer))
    text = f"train without {listing(names)}"
    optimizer = network.optimizer
    kind, rate = ("Adam", None) if optimizer is None else (optimizer.name, optimizer.learning_rate)
    options = ", ".join(part for part in ("" if rate is None else f"{rate:g}", "weight_decay=0.0") if part)
    decay = f"model.compile(optimizer=keras.optimizers.{kind}({options}), loss=model.loss)"
    yield Treatment("remove-penalties", ("W307",), tuple(edits), text, code or decay)
    if finding is not None and finding.code == "W307":
        shared: tuple[Edit, ...] = suited(network)
        yield Treatment(
            "remove-penalties",
            ("W307",),
            (*edits, *shared),
            f"{text}, from fresh weights",
            code or decay,
            shared,
        )


def _given(layer: Layer) -> list[str]:
    return [key for key, value in layer.config.items() if value and key.endswith(ENDS)]
