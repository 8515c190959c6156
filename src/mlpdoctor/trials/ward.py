"""What all trials of one patient share, and how one of them is made: the same training with and without a change."""

import dataclasses
import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import field
from typing import Any

from mlpdoctor.course import Arm, Protocol, Trial, Verdict
from mlpdoctor.errors import InputError
from mlpdoctor.ladder import Ladder
from mlpdoctor.lean import dataclass
from mlpdoctor.treatments.diff import as_json, diff
from mlpdoctor.treatments.edits import Decay, Edit
from mlpdoctor.treatments.patient import Patient
from mlpdoctor.treatments.spec import ModelSpec
from mlpdoctor.trials.budget import (
    LEAST_MODELS,
    LEAST_UPDATES,
    Budget,
    Clock,
    Cost,
    affordable,
    updates_of,
    worth_compiling,
)
from mlpdoctor.trials.candidates import Candidate
from mlpdoctor.trials.compare import Comparison, arrived, bottom_of, compare, least_of, rung_reached, span_of
from mlpdoctor.trials.judge import Judge, by_mistakes, judge
from mlpdoctor.trials.rows import Rows
from mlpdoctor.trials.runs import Runs, TimeUp, cost, run
from mlpdoctor.trials.side import Side, Unfit, Workshop

FLOAT32 = 1e-9
"""A loss under this share of the best constant's is zero as far as float32 weights can tell."""
UNKNOWN_COST = (1e-4, 2.0)
"""Seconds of an update and of getting a model ready, where the control could not be timed."""
MANY = 5000
"""Updates of one model from which compiling its loop pays on any machine."""
QUICKER = 0.7
"""A compiled loop that saves less than this is not worth its making."""
CAUTION = 0.8
"""Share of the time that is planned with: machines have other things to do."""
LATE = 1.5
"""Runs that take longer than planned by this, and leave too little time for the others, are made again, shorter."""
NO_TIME = "there was no time left for it"


@dataclass(frozen=True, eq=False)
class Tried:
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
class Ward:
    """All that trials of one patient share.

    Attributes:
        patient: the case.
        spec: its model as data.
        workshop: makes its sides, on its rows.
        batch: rows of an update.
        budget: what the user allows.
        clock: what is left of it.
        backend: of Keras.
        tell: shows what is being done.
        updates: of each run, once the control has told what one costs.
        of_one: seconds of one update.
        of_a_model: seconds to get a model ready.
        before: loss of the saved model on these rows, as Keras computes it; None where it has none.
    """

    patient: Patient
    spec: ModelSpec
    workshop: Workshop
    batch: int
    budget: Budget
    clock: Clock
    backend: str
    tell: Callable[[str], None]
    updates: int = 0
    of_one: float = UNKNOWN_COST[0]
    of_a_model: float = UNKNOWN_COST[1]
    before: float | None = None
    _controls: dict[str, Runs | str] = field(default_factory=dict)

    @property
    def rows(self) -> Rows:
        """To train and judge on."""
        return self.workshop.rows

    @property
    def seeds(self) -> tuple[int, ...]:
        """Of the runs."""
        return self.workshop.seeds

    # the scale

    @property
    def ladder(self) -> Ladder | None:
        """Of the model as it was saved."""
        return self.patient.report.ladder

    @property
    def judged_by(self) -> str:
        """The model's loss in words."""
        return self.ladder.loss if self.ladder is not None else "the loss"

    def at_the_end(self, arm: Arm) -> bool:
        """Whether all runs went as low as there is any point in going."""
        if self.ladder is None:
            return False
        return arrived(arm.high, least_of(self.ladder), span_of(self.ladder))

    def at_the_bottom(self, arm: Arm) -> bool:
        """Whether all runs went so low that what is left is noise, even if there is less of it than estimated."""
        return self.ladder is not None and arrived(arm.high, bottom_of(self.ladder), span_of(self.ladder))

    @property
    def well(self) -> bool:
        """Whether the saved model is as low as there is any point in going."""
        return self.before is not None and self.at_the_end(Arm((self.before,)))

    def scale(self, judged_by: str, *arms: Arm) -> tuple[float, float]:
        """The lowest loss there can be, and the way from there to the best constant.

        Where runs go clearly below what was estimated to be noise, it was not noise.
        """
        if judged_by != self.judged_by or self.ladder is None:
            return 0.0, 1.0
        least, span = least_of(self.ladder), span_of(self.ladder)
        data = self.ladder.value("data") or self.ladder.perfect
        if any(arm.low < least and not arrived(least, arm.low, span) for arm in arms):
            return data, span + least - data
        return least, span

    def _enough(self, loss: float) -> bool:
        """Whether nothing is left above what rows in conflict keep in place."""
        data = None if self.ladder is None else self.ladder.value("data")
        return data is not None and self.ladder is not None and loss - data <= FLOAT32 * span_of(self.ladder)

    # the control

    @property
    def control(self) -> Runs | str:
        """The model trained on with nothing changed, or why it could not be."""
        return self._controls.get("", "it was not trained")

    @property
    def protocol(self) -> Protocol:
        """How the runs were made."""
        batch = min(self.batch, self.rows.count)
        return Protocol(len(self.seeds), self.updates, batch, self.rows.count, self.rows.of, self.backend)

    def begin(self, models: int) -> int:
        """Train the model on as it is; what that costs tells how long all runs may be, and how many models.

        Args:
            models: that there is something to try with, this one included.

        Returns:
            The models that there is time for.
        """
        side: Side | None = None
        started = time.monotonic()
        try:
            side = self.workshop.make(self.spec)
            self.before = side.trainee.loss()
            built = time.monotonic() - started
            self.of_one, ready = cost(side, self.batch)
            self.of_a_model = built + ready
            self._compile(side, models, built, ready)
        except Unfit as complaint:
            self._controls[""] = str(complaint)
        of_all = self.of_one * len(self.seeds)
        models = affordable(self.budget, self.clock.left, self.of_a_model, of_all, models, LEAST_MODELS)
        self._share(models)
        if side is not None:
            self._train_on(side, models)
        return models

    def _train_on(self, side: Side, models: int) -> None:
        """The control's runs; made once more, shorter, where a busy machine took far longer than was planned."""
        for last in (False, True):
            planned = self.of_one * self.updates * len(self.seeds)
            started = time.monotonic()
            try:
                self._controls[""] = self.run(side)
            except (TimeUp, Unfit) as complaint:
                self._controls[""] = str(complaint) or NO_TIME
                return
            spent = time.monotonic() - started
            if last or spent <= LATE * planned or (models - 1) * spent <= self.clock.left:
                return
            self.of_one *= spent / planned
            self._share(models)

    def _share(self, models: int) -> None:
        """How long each run may be, so that there is time for all."""
        left = self.clock.left
        free = CAUTION * max(left - (models - 1) * self.of_a_model, left / LEAST_MODELS)
        of_all = self.of_one * len(self.seeds) * models
        self.updates = updates_of(self.budget, self.rows.count, min(self.batch, self.rows.count), free, of_all)
        if self.budget.epochs is None:
            self.updates = max(self.updates, LEAST_UPDATES)

    def _compile(self, side: Side, models: int, built: float, ready: float) -> None:
        """Compile the control's loop, and those of all that come, where that pays.

        Where epochs are given it hangs on their number alone, so that two runs give the same to the last digit.
        """
        if self.budget.epochs is not None:
            updates = -(-self.budget.epochs * self.rows.count // min(self.batch, self.rows.count))
            self.workshop.xla = updates * len(self.seeds) >= MANY
            side.trainee.compiled(xla=self.workshop.xla)
            return
        if not worth_compiling(self.clock.left, models, len(self.seeds), Cost(self.of_a_model, ready, self.of_one)):
            return
        side.trainee.compiled(xla=True)
        of_one, ready = cost(side, self.batch)
        if of_one > QUICKER * self.of_one or not side.trainee.xla:
            side.trainee.compiled(xla=False)
            return
        self.workshop.xla, self.of_one, self.of_a_model = True, of_one, built + ready

    def run(self, side: Side) -> Runs:
        """Train a side as all are trained.

        Raises:
            TimeUp: not even one run could be finished.
            Unfit: Keras cannot train it.
        """
        enough = self._enough if side.heads.label == self.judged_by else None
        try:
            return run(side, self.seeds, self.updates, self.batch, self.of_one, self.clock, enough)
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
                self._controls[key] = self.run(self.workshop.make(self.spec, shared))
            except (Unfit, TimeUp) as complaint:
                self._controls[key] = str(complaint) or NO_TIME
        return self._controls[key]

    # a trial

    def one(self, candidates: tuple[Candidate, ...]) -> Tried | str:
        """Try some changes at once; why it cannot be done, where it cannot."""
        edits = self._in_order(edit for candidate in candidates for edit in candidate.treatment.edits)
        shared = tuple(edit for candidate in candidates for edit in candidate.treatment.shared)
        self.tell(" and ".join(candidate.treatment.text for candidate in candidates))
        try:
            treated = self.run(self.workshop.make(self.spec, edits))
        except Unfit as complaint:
            return str(complaint)
        except TimeUp:
            return NO_TIME
        control = self._beside(shared)
        if control == NO_TIME or (isinstance(control, str) and not isinstance(self.control, str)):
            return str(control)  # only a model that cannot be trained as it is needs no control
        trial = self._without_control(control, treated) if isinstance(control, str) else self.compared(control, treated)
        return Tried(_described(trial, self.spec, candidates, edits), candidates, treated)

    def _in_order(self, edits: Iterable[Edit]) -> tuple[Edit, ...]:
        """The edits, those last that build on what others set and on how long the runs are."""
        known = [Decay(self.updates) if isinstance(edit, Decay) else edit for edit in edits]
        return tuple(sorted(known, key=lambda edit: isinstance(edit, Decay)))

    def compared(self, control: Runs, treated: Runs) -> Trial:
        """The runs of both sides, and what they say."""
        by = judge(control.side, treated.side) if self.ladder is not None else by_mistakes(treated.side)
        many = min(len(control.losses), len(treated.losses))
        if by.own:
            other, own, before = control.arm, treated.arm, self.before
        else:
            other, own = control.by(by.measure), treated.by(by.measure)
            control.side.trainee.put(control.side.starts[0])
            before = by.measure(control.side)
        other, own = Arm(other.losses[:many]), Arm(own.losses[:many])
        name = self.judged_by if by.own else by.label
        found = compare(other, own, *self.scale(name if by.own else "", other, own))
        if found.verdict is Verdict.CONFIRMED and many < min(2, len(self.seeds)):
            found = Comparison(Verdict.UNDECIDED, found.gained, f"{found.reason}, but there was time for one run only")
        return self._trial(by, name, before, other, own, found, treated.updates)

    def _without_control(self, why: str, treated: Runs) -> Trial:
        """A model that could not be trained at all, and now can."""
        broken = Arm((math.nan,) * len(treated.losses))
        found = Comparison(Verdict.CONFIRMED, None, f"without the change it cannot be trained: {why}")
        if not math.isfinite(treated.arm.high):
            found = Comparison(Verdict.REFUTED, None, "with the change the loss is no number either")
        name = treated.side.heads.label
        return self._trial(None, name, None, broken, treated.arm, found, treated.updates)

    def _trial(
        self,
        by: Judge | None,
        name: str,
        before: float | None,
        control: Arm,
        treated: Arm,
        found: Comparison,
        updates: int,
    ) -> Trial:
        on_ladder = self.ladder is not None and (by.own if by is not None else name == self.judged_by)
        return Trial(
            names=(),
            answers=(),
            text="",
            code=(),
            diff=(),
            edits=(),
            judged_by=name,
            before=before,
            control=control,
            treated=treated,
            rung=rung_reached(treated.median, self.ladder) if on_ladder and self.ladder is not None else None,
            gained=found.gained,
            verdict=found.verdict,
            reason=found.reason,
            updates=updates,
        )


def _described(trial: Trial, spec: ModelSpec, candidates: Sequence[Candidate], edits: tuple[Edit, ...]) -> Trial:
    """The trial with what was changed in it."""
    values: tuple[Any, ...] = tuple(as_json(spec, edits))
    return dataclasses.replace(
        trial,
        names=tuple(candidate.treatment.name for candidate in candidates),
        answers=tuple(dict.fromkeys(code for candidate in candidates for code in candidate.findings)),
        text=", and ".join(candidate.treatment.text for candidate in candidates),
        code=tuple(line for candidate in candidates for line in candidate.treatment.code.splitlines()),
        diff=tuple((line.sign, line.text) for line in diff(spec, edits)),
        edits=values,
        drawn_anew=any(candidate.treatment.shared for candidate in candidates),
    )
