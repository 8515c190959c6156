"""Which treatments there are for a finding, and which go with another."""

from functools import cache

from mlpdoctor.core.check import declared
from mlpdoctor.core.finding import Finding
from mlpdoctor.treat import treatments
from mlpdoctor.treat.case import Case, Kind, Nothing, Proposal, Treatment


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
