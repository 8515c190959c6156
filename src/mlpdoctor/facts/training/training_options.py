"""What a few more updates gain in one way and another, from the saved weights: no remedy leads that gains nothing."""

from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Remedy
from mlpdoctor.core.network import Network, Optimizer
from mlpdoctor.core.text import count, short
from mlpdoctor.engine.training import Trial
from mlpdoctor.facts.training.trial_updates import ADAM_RATE, Continuation
from mlpdoctor.nn.optimizers.traits import follows_gradient, kept_options, normalises_gradient

FACTORS = (10.0, 0.1)
"""The rates that are tried beside the one in force."""
MOST_RESCALED, MOST_PLAIN = 0.03, 1.0
"""Rates beyond which nobody should be sent: of optimizers that rescale each weight's steps, and of plain descent."""
FAR = 3.0
"""Ten times the rate has to gain so many times as much to be proposed to somebody whose loss falls anyhow."""
CLEARLY = 2.0
"""A change has to gain so many times what going on unchanged does: else nobody need change anything."""


@dataclass(frozen=True)
class Option:
    """One way to train on, and what its updates did.

    Attributes:
        name: to be read after "with".
        code: of the optimizer; None for the one in force.
        trial: the updates.
    """

    name: str
    code: str | None
    trial: Trial


@dataclass(frozen=True, eq=False)
class TrainingOptions:
    """Ways to train on from the saved weights, tried when somebody asks.

    Every one starts from the same weights and sees the same rows in the same order.
    """

    _continuation: Continuation
    _optimizer: Optimizer

    def adam(self, *, longer: bool = False) -> Option | None:
        """Adam in place of an optimizer whose steps are as long as the gradient is; None where the steps are not."""
        if not follows_gradient(self._optimizer):
            return None
        return Option(
            "Adam",
            f"keras.optimizers.Adam({ADAM_RATE})",
            self._continuation.adam(self._continuation.times if longer else 1),
        )

    def or_adam(self, remedy: Remedy, other: Trial) -> Remedy:
        """A remedy, or Adam where it gains clearly more than that did in as many updates."""
        adam = self.adam()
        if adam is None or adam.code is None or adam.trial.least_gain <= CLEARLY * max(other.gain, 0.0):
            return remedy
        return Remedy(
            f"train on with Adam: {count(adam.trial.updates, 'update')} took the loss to {short(adam.trial.after)}, "
            f"and {self._optimizer.name} at {short(other.rate, 2)} to {short(other.after)}",
            f"model.compile(optimizer={adam.code}, loss=model.loss)",
        )

    def faster(self) -> Option | None:
        """Ten times the rate, where it gains far more in as many updates; None where it does not."""
        saved = self._continuation.saved
        first = next(iter(self._rates()), None)
        if first is None or first.trial.rate <= saved.rate:
            return None
        return first if first.trial.least_gain > FAR * max(saved.gain, 0.0) else None

    def best(self) -> Option | None:
        """The one to lead: the optimizer in force, or Adam where that gains more; another rate only where neither does.

        Where a trial shows nothing one four times as long is made.

        Of two rates the lower wins a short trial too easily, because it calms the scatter at once and pays for that
        later (Wu, Ren, Liao and Grosse, Understanding short-horizon bias in stochastic meta-optimization, 2018).
        """
        for longer in (False, True):
            trial = self._continuation.longer() if longer else self._continuation.saved
            unchanged, adam = Option("the optimizer as it is", None, trial), self.adam(longer=longer)
            if adam is not None and adam.trial.least_gain > CLEARLY * max(trial.least_gain, 0.0):
                return adam
            if trial.least_gain > 0:
                return unchanged
        best = max(self._rates(), key=lambda option: option.trial.least_gain, default=unchanged)
        return best if best.trial.least_gain > 0 else None

    def remedy(self, goal: str) -> Remedy:
        """Train on by the best of them, with what it gained."""
        best, saved = self.best(), self._continuation.saved
        if best is not None and best.trial.updates > saved.updates:
            saved = self._continuation.longer()
        if best is None:
            others = [option.name for option in (*self._rates(), self.adam()) if option is not None]
            nor = f", nor did they with {', '.join(others)}" if others else ""
            return Remedy(
                f"{goal}. {count(saved.updates, 'more update')} from the saved weights did not lower the loss{nor}: "
                "train from fresh weights"
            )
        gained = f"from {short(best.trial.before)} to {short(best.trial.after)}"
        if best.code is None:
            made = f"{count(saved.updates, 'more update')} took the loss {gained}"
            return Remedy(f"{goal}: {made}", "model.fit(x, y, epochs=10 * epochs)")
        unchanged = f", and without it to {short(saved.after)}" if saved.finite else ", and without it to NaN"
        return Remedy(
            f"{goal}, with {best.name}: {count(best.trial.updates, 'update')} took the loss {gained}{unchanged}",
            f"model.compile(optimizer={best.code}, loss=model.loss)",
        )

    def _rates(self) -> list[Option]:
        most = MOST_RESCALED if normalises_gradient(self._optimizer) else MOST_PLAIN
        rates = {factor: float(f"{self._continuation.rate * factor:.2g}") for factor in FACTORS}
        return [
            Option(
                f"a learning rate of {rate:g}",
                f"keras.optimizers.{self._optimizer.name}({', '.join([f'{rate:g}', *kept_options(self._optimizer)])})",
                self._continuation.at(factor),
            )
            for factor, rate in rates.items()
            if 0 < rate <= most
        ]


def train_on(options: TrainingOptions | None, goal: str) -> Remedy:
    """Train on towards a goal, by the best way that was tried where any was."""
    return Remedy(goal) if options is None else options.remedy(goal)


@fact
def training_options(network: Network, continuation: Continuation) -> TrainingOptions | Absent:
    """Nothing is tried yet."""
    if network.optimizer is None:
        return Absent("there is no optimizer to train on with")
    return TrainingOptions(continuation, network.optimizer)
