"""What a diagnosis comes to: outcomes of checks, summaries, the whole report, and two reports side by side."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from mlpdoctor.core.errors import legible
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Finding, Remedy
from mlpdoctor.core.history_summary import HistorySummary
from mlpdoctor.core.ladder import Ladder, UnseenLadder

if TYPE_CHECKING:
    from mlpdoctor.core.pictures import Pictures

MODEL = "model"
"""What a model that has no path is called in reports and messages: what people call it in their code."""
TRIED_FIRST = ("learning rate", "optimizer", "epochs", "width", "input scale", "local minimum")
"""What people try first when a loss is stuck, in their order: of all that is ruled out, this they need to hear."""


class Status(StrEnum):
    """How a check ended. Every check ends in exactly one of these."""

    FOUND = "found"
    PASSED = "passed"
    NOT_APPLICABLE = "not applicable"
    """There was nothing of the kind the rule looks at."""
    SKIPPED = "skipped"
    """Something the rule needs was not given or could not be computed."""
    CRASHED = "crashed"
    """A fault in mlpdoctor; never to be taken for health."""


@dataclass(frozen=True)
class Outcome:
    """How one check ended, and why when it did not run."""

    code: str
    name: str
    status: Status
    reason: str | None = None
    clears: str | None = None
    """What a pass of this rule excludes as a cause, ``input scale``."""
    treatable: bool = True
    """Whether a change of the model could take away what the rule finds."""


@dataclass(frozen=True)
class RuledOut:
    """A suspect that is not the cause, and the rule that says so."""

    what: str
    by: str


@dataclass(frozen=True)
class ModelSummary:
    """The model file in one line."""

    path: str
    format: str
    keras_version: str | None
    layers: int
    dense_layers: int
    parameters: int
    optimizer: str | None
    learning_rate: float | None
    iterations: int | None
    loss: str | None
    not_followed: str | None = None
    """Why the network could not be run; None when it was, or when there was no need."""


@dataclass(frozen=True)
class DataSummary:
    """The data file in one line."""

    path: str
    format: str
    rows: int
    rows_used: int
    features: tuple[str, ...]
    targets: tuple[str, ...]
    guesses: tuple[str, ...]
    weight: str | None = None
    """The column that says how much each row counts."""
    target_kinds: tuple[str, ...] = ()
    """What the targets of each output hold, told from their values: ``labels 0 and 1, 25 % of them 1``."""


@dataclass(frozen=True)
class Unread:
    """A model that could not be looked at, in a run over several."""

    path: str
    reason: str


@dataclass(frozen=True)
class Report:
    """The whole diagnosis, findings ranked, the first to be fixed first."""

    model: ModelSummary | None
    """None for the report of a training history alone."""
    data: DataSummary | None
    verdict: str
    ladder: Ladder | None
    no_ladder: str | None
    """Why there is no ladder, when there is none."""
    findings: tuple[Finding, ...]
    ruled_out: tuple[RuledOut, ...]
    outcomes: tuple[Outcome, ...]
    seconds: Mapping[str, float] = field(default_factory=dict)
    history: HistorySummary | None = None
    """What training logged, where that was given."""
    unseen: UnseenLadder | None = None
    """The ladder on rows that the model was not trained on, where such were given."""
    asked: tuple[str, ...] = ()
    """The options that say which columns and which loss were meant, as a command line spells them."""
    pictures: "Pictures | None" = None
    """What figures show beyond all this; gathered where a page was asked for."""

    @property
    def path(self) -> str:
        """The file that the report is about: the model's, or that of the history where no model was given."""
        if self.model is not None:
            return self.model.path
        return "" if self.history is None else self.history.path


Part = TypeVar("Part")


def legible_parts(value: Part) -> Part:
    """The same report, configuration or other data with every text in it legible; code keeps its lines."""
    return changed_parts(value, legible)


def changed_parts(value: Part, change: Callable[[str], str]) -> Part:
    """The same data with every text in it changed, names of mappings too; of code each line by itself."""
    made: Part = _changed(value, change)
    return made


def _changed(value: Any, change: Callable[[str], str]) -> Any:  # noqa: ANN401  whatever a report may hold
    if type(value) is str:
        return change(value)
    if isinstance(value, Remedy):
        code = None if value.code is None else "\n".join(change(line) for line in value.code.split("\n"))
        return Remedy(change(value.text), code)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        own = {one.name: _changed(getattr(value, one.name), change) for one in dataclasses.fields(value)}
        return dataclasses.replace(value, **own)
    if isinstance(value, list):
        return [_changed(item, change) for item in value]
    if isinstance(value, tuple):
        return tuple(_changed(item, change) for item in value)
    if isinstance(value, Mapping):
        return {_changed(name, change): _changed(item, change) for name, item in value.items()}
    return value


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
