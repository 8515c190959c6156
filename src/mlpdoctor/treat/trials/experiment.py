"""What all trials of one patient share, and how one of them is made: the same training with and without a change."""

from collections.abc import Callable, Iterable
from dataclasses import field

from mlpdoctor.core.errors import InputError
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.trial_result import Protocol, RunGroup, Trial
from mlpdoctor.treat.case import Case
from mlpdoctor.treat.editing.edits import Decay, Edit, ModelSpec
from mlpdoctor.treat.trials.budget import WORTH, Meter
from mlpdoctor.treat.trials.candidates import Candidate
from mlpdoctor.treat.trials.costs import Cost, Way, cost_of
from mlpdoctor.treat.trials.evaluate import described, evaluated, unhindered
from mlpdoctor.treat.trials.rows import Batches, Rows
from mlpdoctor.treat.trials.runs import Pace, Runs, TimeUp, run
from mlpdoctor.treat.trials.scale import Scale
from mlpdoctor.treat.trials.variant import Unfit, Variant, VariantBuilder

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
    _paid: list[object] = field(default_factory=list)

    @property
    def rows(self) -> Rows:
        """To train and judge on."""
        return self.builder.rows

    @property
    def seeds(self) -> tuple[int, ...]:
        """Of the runs."""
        return self.builder.seeds

    @property
    def meter(self) -> Meter:
        """What is left of the budget."""
        return self.pace.meter

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
        return Protocol(
            len(self.seeds), pace.updates, pace.batch, pace.rows, self.rows.of, self.backend, pace.meter.cut
        )

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
        cost = cost_of(self.case.network, self.pace.batch, self.rows.count, Way.LOOP)
        try:
            variant = self.builder.make(self.spec)
            self.before = variant.trainee.loss()
            self._compile(variant, models)
            cost = self.cost(variant)
        except Unfit as complaint:
            self._controls[""] = str(complaint)
        models = self.pace.models(models, cost)
        if quick and self.well and self.pace.budget.epochs is None:
            self.pace.updates = min(self.pace.updates, WORTH)
        if variant is not None:
            try:
                self._controls[""] = self.run(variant)
            except (TimeUp, Unfit) as complaint:
                self._controls[""] = str(complaint) or NO_TIME
        return models

    def cost(self, variant: Variant) -> Cost:
        """What training a side costs."""
        return cost_of(variant.network, self.pace.batch, variant.rows.count, variant.trainee.way)

    def paid(self, variant: Variant) -> Cost:
        """The same, once what it takes to get the side ready is off the budget; sides may share that."""
        cost = self.cost(variant)
        if not any(one is variant.trainee for one in self._paid):
            self._paid.append(variant.trainee)
            self.meter.spend(cost.model)
        return cost

    def _compile(self, variant: Variant, models: int) -> None:
        """Compile the control's loop, and those of all that come, where that pays."""
        pace, trainee = self.pace, variant.trainee
        xla = pace.many()
        if pace.budget.epochs is None:
            trainee.train(Batches(self.rows.count, pace.batch, 0).take(1))  # a layer may refuse to be in a loop
            trainee.put(variant.starts[0])
            plain = self.cost(variant)
            trainee.compiled(xla=True)
            xla = pace.compiling_pays(models, plain, self.cost(variant))
        self.builder.xla = xla
        trainee.compiled(xla=xla)

    def run(self, variant: Variant) -> Runs:
        """Train a side as all are trained.

        Raises:
            TimeUp: not even one run could be finished.
            Unfit: Keras cannot train it.
        """
        pace = self.pace
        enough = self.scale.enough if variant.heads.label == self.scale.loss else None
        try:
            return run(variant, self.seeds, pace.updates, pace.batch, self.paid(variant), pace.meter, enough)
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
