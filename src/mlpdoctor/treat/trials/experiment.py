"""What all trials of one patient share, and how one of them is made: the same training with and without a change."""

import time
from collections.abc import Callable, Iterable
from dataclasses import field

from mlpdoctor.core.errors import InputError
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.trial_result import Protocol, RunGroup, Trial
from mlpdoctor.treat.case import Case
from mlpdoctor.treat.editing.edits import Decay, Edit, ModelSpec
from mlpdoctor.treat.trials.budget import WORTH, Clock
from mlpdoctor.treat.trials.candidates import Candidate
from mlpdoctor.treat.trials.evaluate import described, evaluated, unhindered
from mlpdoctor.treat.trials.rows import Rows
from mlpdoctor.treat.trials.runs import Pace, Runs, TimeUp, cost, run
from mlpdoctor.treat.trials.scale import Scale
from mlpdoctor.treat.trials.variant import Unfit, Variant, VariantBuilder

QUICKER = 0.7
"""A compiled loop that saves less than this is not worth its making."""
LATE = 1.5
"""Runs that take longer than planned by this, and leave too little time for the others, are made again, shorter."""
NO_TIME = "there was no time left for it"


@dataclass(frozen=True, eq=False)
class CompletedTrial:
    """A trial with what it left behind.

    Attributes:
        trial: as it is reported.
        candidates: the changes in it.
        runs: of the treated side.
    """

    trial: Trial
    candidates: tuple[Candidate, ...]
    runs: Runs

    @property
    def decays(self) -> bool:
        """Whether the learning rate fell to nothing in it."""
        return any(isinstance(edit, Decay) for one in self.candidates for edit in one.treatment.edits)


@dataclass(eq=False)
class Experiment:
    """All that trials of one patient share.

    Attributes:
        case: the case.
        spec: its model as data.
        builder: makes its sides, on its rows.
        pace: how long runs are.
        backend: of Keras.
        tell: shows what is being done.
        before: loss of the saved model on these rows, as Keras computes it; None where it has none.
    """

    case: Case
    spec: ModelSpec
    builder: VariantBuilder
    pace: Pace
    backend: str
    tell: Callable[[str], None]
    before: float | None = None
    _controls: dict[str, Runs | str] = field(default_factory=dict)

    @property
    def rows(self) -> Rows:
        """To train and judge on."""
        return self.builder.rows

    @property
    def seeds(self) -> tuple[int, ...]:
        """Of the runs."""
        return self.builder.seeds

    @property
    def clock(self) -> Clock:
        """What is left of the budget."""
        return self.pace.clock

    @property
    def scale(self) -> Scale:
        """For the losses of all models that keep the saved one's loss."""
        return Scale(self.case.report.ladder)

    @property
    def well(self) -> bool:
        """Whether the saved model is as low as there is any point in going."""
        return self.before is not None and self.scale.at_the_end(RunGroup((self.before,)))

    @property
    def protocol(self) -> Protocol:
        """How the runs were made."""
        pace = self.pace
        return Protocol(len(self.seeds), pace.updates, pace.batch, pace.rows, self.rows.of, self.backend)

    # the control

    @property
    def control(self) -> Runs | str:
        """The model trained on with nothing changed, or why it could not be."""
        return self._controls.get("", "it was not trained")

    def begin(self, models: int, *, quick: bool = False) -> int:
        """Train the model on as it is; what that costs tells how long all runs may be, and how many models.

        Args:
            models: that there is something to try with, this one included.
            quick: whether nothing will follow where the saved model is well.

        Returns:
            The models that there is time for.
        """
        variant: Variant | None = None
        started = time.monotonic()
        try:
            variant = self.builder.make(self.spec)
            self.before = variant.trainee.loss()
            built = time.monotonic() - started
            self.pace.of_one, ready = cost(variant, self.pace.batch)
            self.pace.of_a_model = built + ready
            self._compile(variant, models, built, ready)
        except Unfit as complaint:
            self._controls[""] = str(complaint)
        models = self.pace.models(models)
        if quick and self.well and self.pace.budget.epochs is None:
            self.pace.updates = min(self.pace.updates, WORTH)
        if variant is not None:
            self._train_on(variant, models)
        return models

    def _train_on(self, variant: Variant, models: int) -> None:
        """The control's runs; made once more, shorter, where a busy machine took far longer than was planned."""
        for last in (False, True):
            planned, started = self.pace.planned, time.monotonic()
            try:
                self._controls[""] = self.run(variant)
            except (TimeUp, Unfit) as complaint:
                self._controls[""] = str(complaint) or NO_TIME
                return
            spent = time.monotonic() - started
            if last or spent <= LATE * planned or (models - 1) * spent <= self.clock.left:
                return
            self.pace.of_one *= spent / planned
            self.pace.share(models)

    def _compile(self, variant: Variant, models: int, built: float, ready: float) -> None:
        """Compile the control's loop, and those of all that come, where that pays.

        Where epochs are given it depends on their number alone, so that two runs give the same to the last digit.
        """
        pace = self.pace
        if pace.budget.epochs is not None:
            self.builder.xla = pace.many()
            variant.trainee.compiled(xla=self.builder.xla)
            return
        if not pace.compiling_pays(models, ready):
            return
        variant.trainee.compiled(xla=True)
        of_one, ready = cost(variant, pace.batch)
        if of_one > QUICKER * pace.of_one or not variant.trainee.xla:
            variant.trainee.compiled(xla=False)
            return
        self.builder.xla, pace.of_one, pace.of_a_model = True, of_one, built + ready

    def run(self, variant: Variant) -> Runs:
        """Train a side as all are trained.

        Raises:
            TimeUp: not even one run could be finished.
            Unfit: Keras cannot train it.
        """
        pace = self.pace
        enough = self.scale.enough if variant.heads.label == self.scale.loss else None
        try:
            return run(variant, self.seeds, pace.updates, pace.batch, pace.of_one, pace.clock, enough)
        except (TimeUp, InputError):
            raise
        except Exception as fault:
            reason = " ".join(str(fault).split())[:200] or type(fault).__name__
            raise Unfit(f"Keras cannot train it: {reason}") from fault

    def _beside(self, shared: tuple[Edit, ...]) -> Runs | str:
        """The control of a change that needs some edits which are not the cause in question."""
        key = repr(shared) if shared else ""
        if key not in self._controls:
            try:
                self._controls[key] = self.run(self.builder.make(self.spec, shared))
            except (Unfit, TimeUp) as complaint:
                self._controls[key] = str(complaint) or NO_TIME
        return self._controls[key]

    # a trial

    def one(self, candidates: tuple[Candidate, ...]) -> CompletedTrial | str:
        """Try some changes at once; why it cannot be done, where it cannot."""
        edits = self._in_order(edit for candidate in candidates for edit in candidate.treatment.edits)
        shared = tuple(edit for candidate in candidates for edit in candidate.treatment.shared)
        self.tell(" and ".join(candidate.treatment.text for candidate in candidates))
        try:
            treated = self.run(self.builder.make(self.spec, edits))
        except Unfit as complaint:
            return str(complaint)
        except TimeUp:
            return NO_TIME
        control = self._beside(shared)
        if control == NO_TIME or (isinstance(control, str) and not isinstance(self.control, str)):
            return str(control)  # only a model that cannot be trained as it is needs no control
        if isinstance(control, str):
            trial = unhindered(control, treated, self.scale)
        else:
            trial = self.compared(control, treated)
        return CompletedTrial(described(trial, self.spec, candidates, edits), candidates, treated)

    def compared(self, control: Runs, treated: Runs) -> Trial:
        """The runs of both sides, and what they say."""
        return evaluated(control, treated, self.scale, self.before, len(self.seeds))

    def _in_order(self, edits: Iterable[Edit]) -> tuple[Edit, ...]:
        """The edits, those last that build on what others set and on how long the runs are."""
        known = [Decay(self.pace.updates) if isinstance(edit, Decay) else edit for edit in edits]
        return tuple(sorted(known, key=lambda edit: isinstance(edit, Decay)))
