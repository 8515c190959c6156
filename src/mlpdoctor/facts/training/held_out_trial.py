"""What more updates gain on rows kept out of them, for a model that does as well as quick fits after a short training.

To do as well as a line and a few hundred fixed functions is all that is asked of a model elsewhere, and after few
updates of large batches it may be a stop on the way. Further updates lower the loss on their own rows in any case, by
memorising; a fall on other rows shows that there is more to learn.
"""

from mlpdoctor.core.check import Absent, dear_fact, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Network
from mlpdoctor.core.text import count, short
from mlpdoctor.engine.training import Descent, Trial
from mlpdoctor.facts.ladder.data_floors import NoiseEstimate
from mlpdoctor.facts.ladder.generalisation import FEWEST
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.ladder.unseen_readout import UnseenReadout
from mlpdoctor.facts.training.gradients import gradient_rows
from mlpdoctor.facts.training.rate_left import DescentSpeed
from mlpdoctor.facts.training.training import CurrentRate, Training
from mlpdoctor.facts.training.training_options import MOST_PLAIN, MOST_RESCALED
from mlpdoctor.facts.training.trial_updates import TIMES
from mlpdoctor.nn.optimizers.traits import kept_options, normalises_gradient
from mlpdoctor.statistics.rows import CLEAR, RowSample

FEW_UPDATES = 1000
"""Small networks take a thousand updates; who has made more has seen whether the loss goes on falling."""
HELD_OUT = 0.25
HIGHER = 10.0
"""The rate that is tried beside the one in force."""
CLEARLY = 0.1
"""A fall by a tenth of the loss, scatter taken off, is worth a warning to somebody whose model looks well."""


@dataclass(frozen=True, eq=False)
class HeldOutTrial:
    """The updates that gained most on rows kept out of them.

    Attributes:
        trial: of these updates; its losses are of the other rows.
        higher: code of the optimizer at the rate they were made with; None where that is the one in force.
        updates: made before saving.
        share: of the loss that they took away at least.
    """

    trial: Trial
    higher: str | None
    updates: int
    share: float

    @property
    def gains(self) -> bool:
        """Whether there is clearly more to learn."""
        return self.share >= CLEARLY

    @property
    def told(self) -> str:
        """What was done, and what came of it."""
        trial = self.trial
        return (
            f"{trial.updates} more updates at a learning rate of {trial.rate:.2g}, made on other rows of this file, "
            f"brought the loss on {count(trial.rows, 'row')} from {short(trial.before, 3)} to {short(trial.after, 3)}"
        )

    def evidence(self, position: LossPosition, rows: int) -> Evidence:
        """What a report has of it, with so many rows in the file."""
        trial = self.trial
        return Evidence(
            numbers={
                "more": trial.updates,
                "before": trial.before,
                "after": trial.after,
                "updates": self.updates,
                "batch": trial.batch,
                "rate": trial.rate,
                "error": trial.error,
                "held_out_rows": trial.rows,
                "losses_on_the_way": trial.path,
            },
            certainty=Certainty.TRIED,
            severity=Severity.WARNING,
            why=f"{self.told}. None of these rows was among those trained on in that trial.",
            remedy=self._remedy(rows),
            explains=position.part(trial.gain),
            strength=min(self.share, 1.0),
            verdict=f"Training stopped too early after {count(self.updates, 'update')}: {self.told}.",
        )

    def _remedy(self, rows: int) -> Remedy:
        """Train on, at the rate that was tried."""
        if self.higher is not None:
            text = f"train longer, with a learning rate of {self.trial.rate:.2g}"
            return Remedy(text, f"model.compile(optimizer={self.higher}, loss=model.loss)")
        epochs = max(10, -(-3 * self.trial.updates * self.trial.batch // rows))
        stop = 'keras.callbacks.EarlyStopping("val_loss", patience=20, restore_best_weights=True)'
        line = f"model.fit(x, y, batch_size=32, epochs={epochs}, validation_split=0.2, callbacks=[{stop}])"
        return Remedy("train longer, in batches of 32, until the loss on rows kept aside stops falling", line)


@dear_fact("making trial updates with rows kept out of them")
def held_out_trial(
    network: Network,
    objective: Objective,
    sample: RowSample,
    current: CurrentRate,
    position: LossPosition,
    training: Training,
    noise: NoiseEstimate | None,
) -> HeldOutTrial | Absent:
    """Train on three quarters of a sample of the rows, at the rate in force and at ten times it."""
    engine, optimizer = objective.passes.engine, network.optimizer
    explained = noise is not None and position.model <= noise.total
    if not position.near or position.low or explained:
        return Absent("the loss tells already whether there is more to learn", applicable=False)
    if training.updates is None or training.updates >= FEW_UPDATES:
        return Absent("the training was long, or nobody knows how long", applicable=False)
    if engine is None or optimizer is None or engine.blind is not None or not engine.weights:
        return Absent("the network cannot be trained on")
    engine = engine.at({}, training=True)
    rows = gradient_rows(engine, sample)
    if len(rows.features) * HELD_OUT < FEWEST:
        return Absent("too few rows to keep some of them out of a trial")
    descent = Descent(engine, objective.heads, optimizer, rows, objective.rows).apart(HELD_OUT)
    most = MOST_RESCALED if normalises_gradient(optimizer) else MOST_PLAIN
    higher = float(f"{current.rate * HIGHER:.2g}")
    trials = [descent.run(rate, TIMES) for rate in (current.rate, *([higher] if 0 < higher <= most else []))]
    made = [trial for trial in trials if isinstance(trial, Trial)]
    if not made:
        return Absent("the optimizer makes no step")
    best = max(made, key=lambda trial: trial.least_gain)
    options = ", ".join([f"{higher:g}", *kept_options(optimizer)])
    return HeldOutTrial(
        trial=best,
        higher=None if best is made[0] else f"keras.optimizers.{optimizer.name}({options})",
        updates=training.updates,
        share=best.least_gain / above if (above := position.above(best.before)) > 0 else 0.0,
    )


@dataclass(frozen=True)
class MoreUpdates:
    """Whether training goes on, by one trial or the other.

    Attributes:
        speed: from the saved weights, on all rows; None where the model is about as good as anything known.
        apart: on rows kept out; None where that was not tried.
        unseen: whether another last layer on the same features does better on rows it was not fitted to.
    """

    speed: DescentSpeed | None
    apart: HeldOutTrial | None
    unseen: bool

    @property
    def falls(self) -> bool:
        """Whether the loss falls readily; a sure fall will do where the last layer is known to be unfinished."""
        speed = self.speed
        if speed is None:
            return False
        slowly = speed.shown.least_gain > 0 and not speed.rests and not speed.contradicted
        return speed.falls or (self.unseen and slowly)


@fact
def more_updates(
    speed: DescentSpeed | None,
    apart: HeldOutTrial | None,
    unseen: UnseenReadout | None,
    training: Training,
    position: LossPosition,
) -> MoreUpdates | Absent:
    """Put them side by side."""
    if training.never:
        return Absent("the model has not been trained yet", applicable=False)
    if speed is None and apart is None:
        if position.well:
            return Absent("the model does about as well as anything is known to", applicable=False)
        return Absent("the model has come most of the way to what is known to be reachable", applicable=False)
    return MoreUpdates(speed, apart, unseen is not None and unseen.saved > CLEAR * unseen.error)
