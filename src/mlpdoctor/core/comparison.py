"""Two diagnoses side by side: what changed in the loss, the findings, the layers and the weights."""

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Finding
from mlpdoctor.core.report_model import Report


@dataclass(frozen=True)
class RungPair:
    """One rung of both loss ladders; None where a ladder lacks it."""

    name: str
    label: str
    before: float | None
    after: float | None


@dataclass(frozen=True)
class LayerChange:
    """What became of one layer.

    Attributes:
        layer: its name.
        change: ``added``, ``removed`` or ``changed``.
        options: what differs in its configuration: ``activation: linear -> tanh``.
        moved: the size of the change of its weights as a share of their size before, in the Euclidean norm; None where
            there are none to compare, or their shapes differ.
    """

    layer: str
    change: str
    options: tuple[str, ...] = ()
    moved: float | None = None


@dataclass(frozen=True)
class Comparison:
    """Two reports, and what differs.

    Attributes:
        before: of the first model or run.
        after: of the second.
        verdict: the difference in one sentence.
        rungs: of the two ladders, from the top down; the model's own among them.
        gone: findings of the first that the second does not have.
        new: findings of the second that the first does not have.
        kept: findings of both, as the second has them.
        layers: what changed of the network; None for two training histories.
    """

    before: Report
    after: Report
    verdict: str
    rungs: tuple[RungPair, ...]
    gone: tuple[Finding, ...]
    new: tuple[Finding, ...]
    kept: tuple[Finding, ...]
    layers: tuple[LayerChange, ...] | None
