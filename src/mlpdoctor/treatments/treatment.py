"""How a treatment is declared, and what it proposes for one finding."""

import inspect
from collections.abc import Callable, Iterator
from typing import TypeAlias

from mlpdoctor.finding import Finding
from mlpdoctor.lean import dataclass
from mlpdoctor.treatments.edits import Edit
from mlpdoctor.treatments.patient import Patient


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
            inputs are standardised the weights are drawn anew, and a control that kept its old ones would show
            another thing. Empty for most.
        refuted_by: what a trial would show if this were not the cause.
    """

    name: str
    answers: tuple[str, ...]
    edits: tuple[Edit, ...]
    text: str
    code: str
    shared: tuple[Edit, ...] = ()
    refuted_by: str = ""


@dataclass(frozen=True)
class Nothing:
    """Why there is no treatment of this kind for this finding, in a sentence."""

    reason: str


Proposal: TypeAlias = Treatment | Nothing
Propose: TypeAlias = Callable[[Finding | None, Patient], Iterator[Proposal]]


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
