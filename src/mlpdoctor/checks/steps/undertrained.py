"""G607: a training that was broken off while the loss still fell."""

import math
from collections.abc import Iterator

from mlpdoctor.check import check
from mlpdoctor.facts.objective import Objective
from mlpdoctor.facts.pace import Pace
from mlpdoctor.facts.standing import Standing
from mlpdoctor.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.network import Network
from mlpdoctor.wording import count, percent, short

MOST_EPOCHS = 1000
"""Beyond it the remedy names no number of epochs: few rows take many."""


@check("G607", Severity.WARNING, "the loss still falls readily: {more} more updates took it from {before} to {after}")
def undertrained(
    network: Network,
    objective: Objective,
    where: Standing,
    pace: Pace,
    *,
    worthwhile: float = 0.05,
) -> Iterator[Evidence]:
    """A training that was broken off while the loss still fell.

    Why it matters
        Nothing is wrong with such a model but that it is not finished: the rate is one at which the loss falls, and
        it falls on. Few rows make few updates an epoch: 200 rows in batches of 32 are 7, and ten epochs of them 70,
        where a small network takes a thousand.
    Remedy
        Train on: more epochs, a smaller batch, EarlyStopping with patience in place of a fixed number.
    Stays quiet on
        Models that have come nine tenths of the way to what is known to be reachable; a loss that falls by less than
        a twentieth of the rest within the trial, and less than its scatter from row to row and update to update;
        models whose file tells of so many updates that this pace would have brought them there long ago: then the
        training saw something else than this file.
    Certainty
        Tried: the training was taken up from the saved weights and the saved state of the optimizer, on
        minibatches of 32 of these rows, for up to 100 updates, without dropout. How long the rest takes is a straight
        line through the trial, and mostly too short: a loss falls slower as it falls.
    """
    saved = pace.saved
    if pace.sure_share(saved) < worthwhile or pace.contradicted:
        return
    done = "" if pace.updates is None else f" after {count(pace.updates, 'update')}"
    epochs = None if pace.updates is None else pace.updates * saved.batch / objective.rows
    over = where.model - where.data
    yield Evidence(
        numbers={
            "more": saved.updates,
            "before": short(saved.before),
            "after": short(saved.after),
            "updates": pace.updates,
            "epochs_of_such_batches": epochs,
            "batch": saved.batch,
            "rate": saved.rate,
            "gap_closed": pace.share(saved),
            "error": saved.error,
            "updates_to_go": pace.to_go,
            "losses_on_the_way": saved.path,
        },
        certainty=Certainty.TRIED,
        severity=Severity.WARNING,
        why=_why(pace, epochs),
        remedy=_remedy(network, pace, objective.rows),
        explains=min(saved.gain / over, 1.0) if over > 0 else None,
        strength=min(pace.share(saved), 1.0),
        verdict=f"Training was broken off{done}: the loss, {short(saved.before)}, still falls readily, and "
        f"{saved.updates} more updates at the saved rate brought it to {short(saved.after)}.",
    )


def _why(pace: Pace, epochs: float | None) -> str:
    made = "" if pace.updates is None else f"The file tells of {count(pace.updates, 'update')}"
    if epochs is not None:
        made += f", about {short(max(epochs, 0.1), 2)} epochs of batches of {pace.saved.batch}. "
    closed = percent(min(pace.share(pace.saved), 1.0))
    return (
        f"{made}A trial of {pace.saved.updates} more closed {closed} of the way to what is known to be reachable: the "
        f"rest takes {short(max(pace.to_go, 1), 1)} updates like these or more."
    )


def _remedy(network: Network, pace: Pace, rows: int) -> Remedy:
    updates = 3 * max(pace.to_go, pace.saved.updates)
    epochs = max(10, math.ceil(updates * pace.saved.batch / rows / 10) * 10)
    number = "1000" if epochs > MOST_EPOCHS else f"{epochs}"
    optimizer = "" if network.optimizer is None else f" at the saved rate of {pace.saved.rate:.2g}"
    return Remedy(
        f"train on{optimizer}, some thousand updates, until the loss stops falling",
        f"model.fit(x, y, batch_size=32, epochs={number}, "
        'callbacks=[keras.callbacks.EarlyStopping("loss", patience=20)])',
    )
