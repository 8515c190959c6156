"""How a treatment is declared, and the case it may look at: model, report and rows of data."""

import inspect
from collections.abc import Callable, Iterator
from functools import cache
from typing import TypeAlias

import numpy as np

from mlpdoctor.core.discovery import declared
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Finding
from mlpdoctor.core.network import Array, Network
from mlpdoctor.core.report_model import Report
from mlpdoctor.engine.numpy_engine import NumpyEngine, UnsupportedLayer
from mlpdoctor.treat import treatments
from mlpdoctor.treat.editing.edits import Edit

MOST_ROWS = 1 << 14
"""Rows that are run through the network where a treatment must know what enters a layer."""


@dataclass(frozen=True, eq=False)
class Case:
    """One case.

    Attributes:
        network: the model as read from its file.
        report: the diagnosis.
        features: usable rows, shape (rows, features), in the order in which the model takes them; a fair sample will
            do.
        targets: the same rows' targets, shape (rows, targets).
    """

    network: Network
    report: Report
    features: Array
    targets: Array

    def found(self, code: str) -> Finding | None:
        """The first finding of a rule."""
        return next((finding for finding in self.report.findings if finding.code == code), None)

    def behind(self, *nodes: int) -> list[Array] | None:
        """What some of the network's nodes give on these rows; None where the network cannot be followed."""
        kept: dict[int, Array] = {}

        def see(position: int, before: Array, after: Array) -> None:  # noqa: ARG001
            if position in nodes:
                kept[position] = after

        try:
            NumpyEngine(self.network).forward(self.features[:MOST_ROWS], see)
        except UnsupportedLayer:
            return None
        return [kept[node] for node in nodes]


@dataclass(frozen=True, eq=False)
class Columns:
    """Mean and standard deviation of columns; of a constant column the deviation is 1."""

    mean: Array
    deviation: Array

    @property
    def ordinary(self) -> bool:
        """Whether all columns are of a size that networks take as they are."""
        size = np.hypot(self.mean, self.deviation)
        return bool((size <= LARGE).all() and (size[size > 0] >= SMALL).all() if size.any() else True)


LARGE, SMALL = 10.0, 0.1
"""Columns up to ten and down to a tenth of the size that initialisers assume train without trouble."""


def columns(values: Array) -> Columns:
    """The columns of an array, its last axis."""
    flat = values.reshape(-1, values.shape[-1])
    deviation = flat.std(axis=0)
    constant = deviation <= np.abs(flat).max(axis=0) * np.finfo(np.float32).eps
    return Columns(flat.mean(axis=0), np.where(constant, 1.0, deviation))


@dataclass(frozen=True, eq=False)
class Treatment:
    """One change to try.

    Attributes:
        name: of the kind of treatment, ``restore-activation``; several may carry one name and differ in ``text``.
        answers: codes of the rules whose cause this takes away.
        edits: what is changed, in this order.
        text: the change in a phrase that starts with a verb: ``give dense the activation tanh``.
        code: the line or lines of code with which a user makes it.
        shared: those of the edits that are not the cause in question, and that the control gets as well: where
            inputs are standardised the weights are re-initialised, and a control that kept its old ones would show
            another thing. Empty for most.
    """

    name: str
    answers: tuple[str, ...]
    edits: tuple[Edit, ...]
    text: str
    code: str
    shared: tuple[Edit, ...] = ()


@dataclass(frozen=True)
class Nothing:
    """Why there is no treatment of this kind for this finding, in a sentence."""

    reason: str


Proposal: TypeAlias = Treatment | Nothing
Propose: TypeAlias = Callable[[Finding | None, Case], Iterator[Proposal]]


@dataclass(frozen=True)
class Kind:
    """A kind of treatment.

    Attributes:
        name: ``restore-activation``.
        answers: codes of the rules whose cause it takes away.
        symptoms: codes of the rules that may be a consequence of what it takes away, tried after the others.
        companion: whether it is worth adding to another treatment that shows no gain alone; the lower the sooner.
        page: its docstring.
        propose: gives the changes to try, the likeliest first; the finding is None when the user asks for it by name
            or it comes as a companion.
    """

    name: str
    answers: tuple[str, ...]
    symptoms: tuple[str, ...]
    companion: int | None
    page: str
    propose: Propose


def treatment(answers: str, *, symptoms: str = "", companion: int | None = None) -> Callable[[Propose], Kind]:
    """Declare a kind of treatment; its name is the function's, its page the docstring.

    Args:
        answers: codes of the rules whose cause it takes away, with spaces between.
        symptoms: codes of rules that may be a consequence of it.
        companion: see ``Kind``.
    """

    def declare(propose: Propose) -> Kind:
        name = propose.__name__.replace("_", "-")
        page = inspect.getdoc(propose) or ""
        return Kind(name, tuple(answers.split()), tuple(symptoms.split()), companion, page, propose)

    return declare


@cache
def kinds() -> tuple[Kind, ...]:
    """All kinds of treatment, by name."""
    return tuple(sorted(declared(treatments, Kind), key=lambda kind: kind.name))


def offered(finding: Finding, case: Case) -> tuple[Proposal, ...]:
    """What may be tried for a finding, the likeliest first; reasons where what takes its cause away does not fit.

    What takes the cause of this very rule away comes first. Then what the finding may be a consequence of: first the
    kinds that answer something seen in the model, then those that would fit any, as ``companions`` orders them.
    """
    direct = [one for kind in kinds() if finding.code in kind.answers for one in kind.propose(finding, case)]
    loose = sorted((kind for kind in kinds() if finding.code in kind.symptoms), key=lambda kind: kind.companion or 0)
    others = [one for kind in loose for one in kind.propose(finding, case)]
    return (*direct, *(one for one in others if isinstance(one, Treatment)))


def named(name: str, case: Case) -> tuple[Proposal, ...]:
    """What the kind of treatment of this name proposes for a model, whatever was found; empty for no such name."""
    return tuple(proposal for kind in kinds() if kind.name == name for proposal in kind.propose(None, case))


def companions(case: Case) -> tuple[Treatment, ...]:
    """Treatments worth adding to one that shows no gain alone within the budget, the likeliest to help first."""
    chosen = sorted((kind for kind in kinds() if kind.companion is not None), key=lambda kind: kind.companion or 0)
    proposals = [proposal for kind in chosen for proposal in kind.propose(None, case)]
    return tuple(proposal for proposal in proposals if not isinstance(proposal, Nothing))
