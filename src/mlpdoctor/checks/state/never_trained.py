"""W304: a model saved before its first update."""

from collections.abc import Iterator

from mlpdoctor.core.check import Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Network
from mlpdoctor.facts.training.training import Training


@check(
    "W304",
    Severity.NOTE,
    "the model has not been trained: {sign}",
    stage=Stage.START,
    untreatable="a model that was never trained needs training, which is what the control gets",
)
def never_trained(network: Network, training: Training) -> Iterator[Evidence]:
    """A model whose weights are where they were initialised.

    Why it matters
        The loss of such a model says nothing about training. The report then predicts where training will end,
        from what the architecture and the data allow, instead of explaining where it stands.
    How to fix it
        Save the model after ``fit``, or read the report as a prediction.
    When it stays silent
        Weights from a training loop of your own or from ``set_weights``: they have left their initial values
        although Keras's optimizer never made a step.
    How sure
        Measured: the optimizer counts its updates, and biases start from exact constants.
    """
    if not training.never:
        return
    sign = "its optimizer has made 0 updates" if training.updates == 0 else "every bias still has its initial value"
    yield Evidence(
        numbers={"sign": sign, "updates": training.updates, "layers": len(network.layers)},
        certainty=Certainty.MEASURED,
        why="What is said about its loss is a prediction from the architecture and the data.",
        remedy=Remedy("save the model after fit to have the training itself looked at"),
        strength=1.0,
    )
