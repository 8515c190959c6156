"""G608: clipping that shortens every gradient by far."""

from collections.abc import Iterator

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.distinct import median
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Network
from mlpdoctor.core.text import percent, recompiled, short
from mlpdoctor.engine.training import CLIPPING
from mlpdoctor.facts.training.rate_left import DescentSpeed
from mlpdoctor.nn.optimizers.traits import normalises_gradient

FASTER = 2.0
"""Without clipping the loss has to fall twice as far, or clipping is not what holds it up."""
ORDINARY = 1.0


@check(
    "G608",
    Severity.WARNING,
    "{clipping} leaves {left_share} of the gradient, at every update",
    stage=Stage.STEP,
    about=Part.SIZE,
    disturbs=Part.PACE | Part.LOSS,
    because="G602",
    names=("learning rate",),
    worsens="G604",
)
def clipped_gradient(
    network: Network, speed: DescentSpeed, *, most_left: float = 0.1, worthwhile: float = 0.02
) -> Iterator[Evidence]:
    """Clipping that shortens every gradient to a small part of itself.

    Why it matters
        Clipping is a guard against the rare gradient that is far too long. Set far below the ordinary one it is no
        guard but a brake: each step of SGD is as long as the rate times the limit, wherever the loss is, and a limit of
        0.001 makes a rate of 0.01 one of 0.00001.
    How to fix it
        clipnorm=1.0, or none; or a rate as many times higher.
    When it stays silent
        Limits that now and then cut something off; Adam and its kin, whose steps have a length of their own; models
        that have come nine tenths of the way; limits without which the loss falls no faster.
    How sure
        Tried: the training was taken up for up to 100 updates with and without the limit.
    """
    optimizer, saved = network.optimizer, speed.saved
    if optimizer is None or normalises_gradient(optimizer) or not saved.clipped or max(saved.clipped) > most_left:
        return
    free = speed.continuation.unclipped()
    if speed.sure_share(free) < worthwhile or free.gain < FASTER * max(saved.gain, 0.0):
        return
    limits = {name: optimizer.options[name] for name in CLIPPING if optimizer.options.get(name)}
    clipping = ", ".join(f"{name}={value:g}" for name, value in limits.items())
    left = median(saved.clipped)
    name = next(iter(limits), "clipnorm")
    yield Evidence(
        numbers={
            "clipping": clipping,
            "left_share": left,
            "largest_share_left": max(saved.clipped),
            "rate": saved.rate,
            "before": saved.before,
            "after": saved.after,
            "after_unclipped": free.after,
            "updates_of_each": free.updates,
        },
        certainty=Certainty.TRIED,
        severity=Severity.WARNING,
        why=f"{free.updates} more updates take the loss from {short(saved.before)} to {short(saved.after)} with it, "
        f"and to {short(free.after)} without.",
        remedy=Remedy(
            "take the limit off, or set it a little above the ordinary gradient",
            recompiled(optimizer.name, f"{saved.rate:.2g}", f"{name}={_limit(name)}"),
        ),
        strength=1 - left,
        verdict=f"Every step is cut short: {clipping} leaves {percent(left)} of the gradient, so that "
        f"{optimizer.name} with a rate of {saved.rate:.2g} hardly moves the weights.",
    )


def _limit(name: str) -> float:
    return ORDINARY if name != "clipvalue" else ORDINARY / 2
