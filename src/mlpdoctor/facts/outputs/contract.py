"""For each output: what it answers, what its loss reads, what its targets are, and what of it does not fit."""

from collections.abc import Iterator, Mapping

import numpy as np

from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Certainty, Evidence, Severity
from mlpdoctor.core.network import Network
from mlpdoctor.engine.passes import Passes
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.outputs.fit import Harm, Misfit, fit
from mlpdoctor.facts.outputs.labels import Labels, tell
from mlpdoctor.facts.outputs.match import match
from mlpdoctor.nn.heads import output_heads
from mlpdoctor.nn.output_head import OutputHead
from mlpdoctor.statistics.losses_and_targets import TargetCounts, TargetValues
from mlpdoctor.statistics.rows import RowSample

JOINED = 1e-3
"""Shares add up to 1 this closely in a file of few digits."""
OF_LABELS = ("O205", "O206", "O207")
MILDER = {Severity.ERROR: Severity.WARNING, Severity.WARNING: Severity.NOTE, Severity.NOTE: Severity.NOTE}
STRENGTH = {Harm.BROKEN: 1.0, Harm.COSTLY: 0.7, Harm.UNUSUAL: 0.3}
SEVERITY: Mapping[Harm, Severity] = {
    Harm.BROKEN: Severity.ERROR,
    Harm.COSTLY: Severity.WARNING,
    Harm.UNUSUAL: Severity.NOTE,
}


@dataclass(frozen=True, eq=False)
class Clause:
    """The contract of one output.

    Attributes:
        output: with its loss.
        labels: its targets; None without data.
        misfits: what does not fit.
    """

    output: OutputHead
    labels: Labels | None
    misfits: tuple[Misfit, ...]


@dataclass(frozen=True, eq=False)
class Contract:
    """The contracts of all outputs whose loss is known.

    Attributes:
        clauses: one an output.
        guess: how the target columns were chosen, where nobody named them: ``the last column``.
    """

    clauses: tuple[Clause, ...]
    guess: str | None = None

    @property
    def kinds(self) -> tuple[str, ...]:
        """What the targets of each output hold, in words."""
        return tuple(clause.labels.words for clause in self.clauses if clause.labels is not None)

    def of(self, code: str) -> list[tuple[Clause, Misfit]]:
        """What a rule has to report."""
        return [(clause, one) for clause in self.clauses for one in clause.misfits if one.code == code]


@fact
def contract(
    network: Network,
    passes: Passes | None,
    counts: TargetCounts | None,
    values: TargetValues | None,
    sample: RowSample | None,
) -> Contract | Absent:
    """Look each output up in the table."""
    clauses = []
    columns = None if passes is None else len(passes.dataset.target_names)
    for output in output_heads(network, columns):
        if output.known_expectation is None or output.known_function is None or not output.known_units:
            continue
        labels = None
        # Of one output all columns are the targets, also where they are more or fewer than it takes.
        own = slice(0, columns) if output.given is None and columns and len(network.outputs) == 1 else output.given
        if counts is not None and values is not None and sample is not None and own is not None:
            labels = _labels(own, counts, values, sample)
        found = [fit(output)]
        if labels is not None:
            found.append(match(output, labels, output.encoding))
        clauses.append(Clause(output, labels, _gravest(found)))
    guesses = () if passes is None else passes.dataset.guesses
    guess = next((told.partition(": ")[2] for told in guesses if told.startswith("target")), None)
    return (
        Contract(tuple(clauses), guess) if clauses else Absent("no output has a loss and an activation that are known")
    )


def spoken(contract: Contract, code: str, position: LossPosition | None) -> Iterator[Evidence]:
    """What a rule says of each output, one degree milder where the model does well all the same."""
    for clause, misfit in contract.of(code):
        output, labels = clause.output, clause.labels
        given = _severity(misfit, position)
        several = f"output {output.name}: " if len(contract.clauses) > 1 else ""
        how = "do not fit" if misfit.harm is Harm.BROKEN else "do not go well together"
        parts = "labels and the loss" if code in OF_LABELS else "last layer and the loss"
        yield Evidence(
            numbers={
                "place": several,
                "what": misfit.what,
                "output": output.name,
                "units": output.units,
                "activation": output.function.name,
                "loss": output.loss_label,
                "labels": None if labels is None else labels.kind.value,
                "low": None if labels is None else labels.low,
                "high": None if labels is None else labels.high,
                "classes": None if labels is None else labels.classes,
            },
            certainty=Certainty.MEASURED,
            severity=given,
            why=misfit.why + (_named(contract.guess) if code in OF_LABELS and given is not Severity.NOTE else ""),
            remedy=misfit.remedy,
            explains=misfit.keeps,
            strength=STRENGTH[misfit.harm],
            verdict=f"The {parts} {how}: {several}{misfit.what}.",
        )


def _named(guess: str | None) -> str:
    """What to do where the labels may be in another column."""
    return "" if guess is None else f" The target was taken to be {guess}: if it is another, name it with --target."


def _severity(misfit: Misfit, position: LossPosition | None) -> Severity:
    given = SEVERITY[misfit.harm]
    if position is None or not position.trained or misfit.void:
        return given
    if misfit.fixed:
        return given if position.far else MILDER[given]
    cheap = misfit.harm is not Harm.COSTLY or position.low
    return MILDER[given] if position.well and cheap else given


def _labels(own: slice, counts: TargetCounts, values: TargetValues, sample: RowSample) -> Labels:
    joined = np.abs(sample.targets[:, own].sum(axis=1) - 1) <= JOINED
    return tell(
        counts.columns[own],
        float(values.low[own].min()),
        float(values.high[own].max()),
        whole=bool(values.whole[own].all()),
        joined=bool(joined.all()),
    )


def _gravest(found: list[Misfit | None]) -> tuple[Misfit, ...]:
    """Each rule once, at its gravest: the wrong activation and what the labels say of it are one finding."""
    kept: dict[str, Misfit] = {}
    order = list(Harm)
    for one in found:
        if one is not None and (one.code not in kept or order.index(one.harm) < order.index(kept[one.code].harm)):
            kept[one.code] = one
    return tuple(kept.values())
