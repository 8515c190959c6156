"""Which trials are made and in which order: each change alone, then together while that pays, then a fresh model."""

import dataclasses
import math
from dataclasses import field

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Severity
from mlpdoctor.core.trial_result import Memory, Trial, Verdict
from mlpdoctor.treat.case import Case, Treatment, companions, named
from mlpdoctor.treat.trials.candidates import Candidate, Choice
from mlpdoctor.treat.trials.evaluate import compare
from mlpdoctor.treat.trials.experiment import NO_TIME, CompletedTrial, Experiment
from mlpdoctor.treat.trials.judge import common
from mlpdoctor.treat.trials.memorise import by_heart, made_anew

TOGETHER = 5
"""Changes in one combination, at most; each of them is there because it gained on top of those before it."""
RATES = {"raise-learning-rate", "lower-learning-rate", "use-adam"}
"""Changes that undo each other: what was put on top of one of them would be all there is of both."""
STEADIERS = ("lower-learning-rate", "use-adam", "scale-targets")
"""What a change whose training blows up may need: a new head or loss asks for other steps than the old one."""
PAIRS = 4
"""Changes tried on top of one that gained, as far as time is planned for them."""
MOST_PAIRS = 8
"""And as many more as it lasts for."""
CAPACITY = {"widen-layers", "sharpen-first-layer"}
"""Changes that let a network follow more than it could: where it is down on the noise, that would be the noise."""
AFTERWARDS = 2
"""Models trained besides: the network made from scratch, on all rows and on a few."""


@dataclass(eq=False)
class Plan:
    """The trials of one patient, as they come in.

    Attributes:
        experiment: what they share.
        tried: single changes.
        combined: several at once, each better than the last.
        untried: what could not be tried, and why.
        fresh: the same network made from scratch, where nothing else helped.
        memory: learning a few rows by heart.
        interrupted: whether somebody stopped it.
    """

    experiment: Experiment
    tried: list[CompletedTrial] = field(default_factory=list)
    combined: list[CompletedTrial] = field(default_factory=list)
    untried: list[tuple[str, str]] = field(default_factory=list)
    fresh: Trial | None = None
    memory: Memory | None = None
    interrupted: bool = False
    _known: dict[int, float] = field(default_factory=dict)
    _idle: set[str] = field(default_factory=set)

    def carry_out(self, choice: Choice) -> None:
        """Try everything; Ctrl-C ends it with what stands by then."""
        try:
            self._carry_out(choice)
        except KeyboardInterrupt:
            self.interrupted = True

    def _carry_out(self, choice: Choice) -> None:
        self.untried += choice.untried
        experiment, candidates = self.experiment, list(choice.candidates)
        grave = any(f.severity is not Severity.NOTE and f.suppressed is None for f in experiment.case.report.findings)
        experiment.tell("the control")
        shared = len({repr(one.treatment.shared) for one in candidates if one.treatment.shared})
        besides = 1 + shared + min(len(candidates), PAIRS) + AFTERWARDS
        quick = not grave and all(one.findings for one in candidates)  # a healthy model has its notes
        models = experiment.begin(len(candidates) + besides, quick=quick)
        if experiment.well and quick:
            return
        room = max(2, round(models * len(candidates) / (len(candidates) + besides)))
        self.untried += [(one.treatment.text, NO_TIME) for one in candidates[room:]]
        for candidate in candidates[:room]:
            found = experiment.one((candidate,)) if experiment.meter.left > 0 else NO_TIME
            if isinstance(found, str):
                self.untried.append((candidate.treatment.text, found))
                continue
            self.tried.append(found)
            if self._arrived(found):
                break
        if self.best is None and self._called_for():
            self._company()
        self._together()
        if self.best is None:
            self._from_scratch()

    def _called_for(self) -> bool:
        """Whether it is the report that asks for trials, and not somebody who wants to see one thing tried."""
        return any(one.trial.answers for one in self.tried) and not self.experiment.well

    def _company(self) -> None:
        """What goes with other changes may also be what was missing."""
        texts = {one.trial.text for one in self.tried}
        for treatment in companions(self.experiment.case)[:PAIRS]:
            if treatment.text in texts or self.experiment.meter.left <= 0:
                continue
            found = self.experiment.one((Candidate(treatment, ()),))
            if not isinstance(found, str):
                self.tried.append(found)
                if found.trial.verdict is Verdict.CONFIRMED:
                    return

    @property
    def best(self) -> CompletedTrial | None:
        """The confirmed trial with the lowest loss; with the fewest mistakes where they are judged by several.

        A change that was compared with a fresh control, and gained, may still end above the model trained on as
        it is: then it is a cause, but no cure.
        """
        confirmed = [one for one in (*self.tried, *self.combined) if one.trial.verdict is Verdict.CONFIRMED]
        control = self.experiment.control
        if not isinstance(control, str):
            least = control.group.median
            own = self.experiment.scale.loss
            confirmed = [one for one in confirmed if one.trial.judged_by != own or one.trial.treated.median < least]
        if len({one.trial.judged_by for one in confirmed}) < 2:  # noqa: PLR2004
            return min(confirmed, key=lambda one: one.trial.treated.median, default=None)
        return min(confirmed, key=self._mistakes)

    def _mistakes(self, one: CompletedTrial) -> float:
        """What a trial of any loss came to, by a measure that suits all of them."""
        if id(one) not in self._known:
            self._known[id(one)] = one.runs.by(common(one.runs.variant)).median
        return self._known[id(one)]

    def _arrived(self, one: CompletedTrial) -> bool:
        scale = self.experiment.scale
        if one.trial.verdict is not Verdict.CONFIRMED or one.trial.judged_by != scale.loss:
            return False
        return scale.at_the_bottom(one.trial.treated)

    def _exact(self, one: CompletedTrial) -> bool:
        """Whether it is on the floor of the data itself."""
        return one.trial.judged_by == self.experiment.scale.loss and self.experiment.scale.exact(one.trial.treated)

    # together

    def _together(self) -> None:
        """Put changes together, each on top of what has gained most so far, while each adds a clear gain."""
        if not self._called_for():
            return
        self._steady()
        base = self.best or self._promising()
        for _ in range(TOGETHER - 1):
            if base is None or self._exact(base):
                return
            base = self._on_top(base)

    def _steady(self) -> None:
        """The gravest finding's change, where its training blew up, with smaller steps."""
        broken = next(iter(self.tried), None)
        if broken is None or math.isfinite(broken.trial.treated.high):
            return
        for name in STEADIERS:
            for proposal in named(name, self._changed(broken))[:1]:
                if isinstance(proposal, Treatment) and self._adds(broken, Candidate(proposal, ())):
                    return

    def _promising(self) -> CompletedTrial | None:
        """The change for the gravest finding: it may need company to show what it does."""
        open_ = [one for one in self.tried if one.trial.verdict is not Verdict.REFUTED]
        return next(iter(open_ or self.tried), None)

    def _on_top(self, base: CompletedTrial) -> CompletedTrial | None:
        return next((found for found in (self._adds(base, extra) for extra in self._extras(base)) if found), None)

    def _adds(self, base: CompletedTrial, extra: Candidate) -> CompletedTrial | None:
        """What has been tried already with a change on top, where that gains."""
        experiment = self.experiment
        if experiment.meter.left <= 0:
            return None
        found = experiment.one((*base.candidates, extra))
        if isinstance(found, str) or not self._better(base, found):
            self._idle.add(extra.treatment.text)
            return None
        self.combined.append(found)
        return found

    def _better(self, base: CompletedTrial, found: CompletedTrial) -> bool:
        """Whether a combination gains clearly over the control and over what it was put on top of."""
        if found.trial.verdict is not Verdict.CONFIRMED or found.trial.judged_by != base.trial.judged_by:
            return False
        before, now = base.trial.treated, found.trial.treated
        scale = self.experiment.scale.of(found.trial.judged_by, before, now)
        return compare(before, now, *scale).verdict is Verdict.CONFIRMED

    def _extras(self, base: CompletedTrial) -> list[Candidate]:
        """What may be put on top: changes that gained by themselves, those that go with others, then the rest.

        Those that added nothing to a smaller combination come last.
        """
        ranked = sorted(self.tried, key=lambda one: one.trial.treated.median)
        by = {verdict: [one.candidates[0] for one in ranked if one.trial.verdict is verdict] for verdict in Verdict}
        company = [Candidate(treatment, ()) for treatment in companions(self._changed(base))]
        kinds = {candidate.treatment.name for candidate in base.candidates}
        if kinds & RATES:
            kinds |= RATES
        if self._arrived(base):
            kinds |= CAPACITY
        listed: dict[str, Candidate] = {}
        for candidate in (*by[Verdict.CONFIRMED], *company, *by[Verdict.UNDECIDED]):
            if candidate.treatment.name not in kinds:
                listed.setdefault(candidate.treatment.text, candidate)
        return sorted(listed.values(), key=lambda one: one.treatment.text in self._idle)[:MOST_PAIRS]

    def _changed(self, base: CompletedTrial) -> Case:
        """The patient with what has been tried on it: another optimizer has other rates, a thawed layer may grow."""
        return dataclasses.replace(self.experiment.case, network=base.runs.variant.network)

    # from scratch

    def _from_scratch(self) -> None:
        """Nothing helped: whether the same network, from scratch, learns these rows, and a few of them by heart."""
        experiment, control = self.experiment, self.experiment.control
        if (
            isinstance(control, str)
            or experiment.meter.left <= 0
            or experiment.scale.at_the_end(control.group)
            or experiment.well
        ):
            return
        self.fresh = made_anew(experiment, control)
        if experiment.meter.left > 0:
            self.memory = by_heart(experiment, control)
