"""O202: a last activation and a loss that do not fit each other."""

from collections.abc import Iterator

from mlpdoctor.core.check import EVERYTHING, Stage, check
from mlpdoctor.core.finding import Evidence, Severity
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.outputs.contract import Contract, spoken


@check("O202", Severity.ERROR, "{place}{what}", stage=Stage.CONTRACT, disturbs=EVERYTHING)
def loss_activation_mismatch(contract: Contract, position: LossPosition | None) -> Iterator[Evidence]:
    """A last activation and a loss that do not fit each other.

    Why it matters
        Each loss takes the predictions of the network for something: probabilities, logits, shares of classes,
        rates, numbers. Keras does not compare that with the activation. It clips what is no probability,
        divides by sums, and trains on; the gradient vanishes where predictions are clipped, or what the model
        learns is not what it predicts.
    How to fix it
        Two labels: one sigmoid and binary cross-entropy. One of several classes: softmax and (sparse)
        categorical cross-entropy. Several labels a row: sigmoids and binary cross-entropy. Counts: exponential
        and Poisson. Amounts: no activation and a squared error.
    When it stays silent
        Sigmoids of several labels a row, softmax with KL divergence, exponential or softplus with Poisson, tanh
        with a hinge, raw scores with from_logits, sigmoids with a squared error on numbers from 0 to 1. A
        combination that works and is seldom meant is a note; a model that does well all the same lowers the
        severity by one.
    How sure
        Measured: both are read in the file. One table says what fits; the tests try each of its cells on real
        Keras.
    References
        Keras's losses, and the TensorFlow backend's crossentropies.
    """
    yield from spoken(contract, "O202", position)
