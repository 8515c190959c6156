"""O203: probabilities given to a loss that takes logits, or the other way round."""

from collections.abc import Iterator

from mlpdoctor.core.check import EVERYTHING, Stage, check
from mlpdoctor.core.finding import Evidence, Severity
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.outputs.contract import Contract, spoken


@check("O203", Severity.ERROR, "{place}{what}", stage=Stage.CONTRACT, disturbs=EVERYTHING)
def from_logits_mismatch(contract: Contract, position: LossPosition | None) -> Iterator[Evidence]:
    """Probabilities given to a loss that takes logits, or the other way round.

    Why it matters
        With from_logits=True the loss applies a sigmoid or softmax of its own; after another one the scores are
        squeezed twice and no class can get a share near 0 or 1. Without it raw scores are clipped to the span
        from 1e-7 to 1 - 1e-7, and beyond there is no gradient.
    How to fix it
        Either an activation and from_logits=False, which is the default, or no activation and from_logits=True.
    When it stays silent
        An output without activation under from_logits=True; log_softmax under a categorical cross-entropy of
        logits, which is the same. Where TensorFlow's Keras finds the logits behind a final sigmoid or softmax
        and reads those, training works: a warning, since other backends do not.
    How sure
        Measured: both are read in the file, and so is whether a layer in between makes Keras lose the logits.
    References
        Keras's TensorFlow backend, _get_logits.
    """
    yield from spoken(contract, "O203", position)
