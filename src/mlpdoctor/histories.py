"""Several histories as one: their runs and trials one after another."""

from collections.abc import Sequence

from mlpdoctor.history import BadLines, History
from mlpdoctor.wording import count, listing

MOST_EXAMPLES = 5
"""Bad lines that are shown, of all files together."""


def together(histories: Sequence[History]) -> History | None:
    """All runs in the order given, so that the last run of the last history is taken for the saved model's.

    Args:
        histories: of one model; none gives None.
    """
    if len(histories) < 2:  # noqa: PLR2004
        return histories[0] if histories else None
    runs = tuple(run for history in histories for run in history.runs)
    bad = BadLines(
        sum(history.bad.count for history in histories),
        tuple(f"{h.path}: {example}" for h in histories for example in h.bad.examples)[:MOST_EXAMPLES],
    )
    guesses = list(
        dict.fromkeys(guess for history in histories for guess in history.guesses if "the last is" not in guess)
    )
    if len(runs) > 1:
        guesses.append(f"of {count(len(runs), 'run')} the last is taken for this model's")
    return History(
        path=", ".join(history.path for history in histories),
        format=listing(tuple(dict.fromkeys(history.format for history in histories))),
        runs=runs,
        trials=tuple(trial for history in histories for trial in history.trials),
        bad=bad,
        guesses=tuple(guesses),
    )
