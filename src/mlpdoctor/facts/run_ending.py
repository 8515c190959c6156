"""How the last run of the history came to its end."""

from mlpdoctor.fact import Absent, fact
from mlpdoctor.history import History
from mlpdoctor.lean import dataclass


@dataclass(frozen=True)
class RunEnding:
    """The end of the run that made the saved model.

    Attributes:
        epochs: the last one logged.
        planned: epochs that ``fit`` was asked for; None where the log does not tell.
        stopped: whether a callback wrote that it stopped the training.
        restored: the epoch whose weights were put back at the end; None where the log tells of none.
        resumed: whether the run went on from weights trained before: it begins later than with epoch 1, or other runs
            stand before it in the log.
    """

    epochs: int
    planned: int | None
    stopped: bool
    restored: int | None
    resumed: bool

    @property
    def cut(self) -> bool:
        """Whether the run is known to have ended before the epochs planned."""
        return self.stopped or (self.planned is not None and self.epochs < self.planned)


@fact
def run_ending(history: History) -> RunEnding | Absent:
    """Read the notes of the callbacks and the epochs planned."""
    run = history.last
    if run is None or not run.epochs:
        return Absent("the history holds no curve", applicable=False)
    restored = [note for note in run.notes if note.kind == "best weights restored"]
    first = min((int(column.epochs[0]) for column in run.columns.values() if len(column)), default=1)
    return RunEnding(
        epochs=run.epochs,
        planned=run.planned,
        stopped=any(note.kind == "stopped early" for note in run.notes),
        restored=int(restored[-1].value or run.epochs) if restored else None,
        resumed=first > 1 or len(history.runs) > 1,
    )
