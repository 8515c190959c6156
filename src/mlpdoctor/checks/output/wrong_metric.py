"""O208: metrics that say nothing about these predictions."""

from collections.abc import Iterator

from mlpdoctor.core.check import Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Severity
from mlpdoctor.core.network import Network
from mlpdoctor.core.text import listing
from mlpdoctor.facts.outputs.contract import Contract
from mlpdoctor.facts.outputs.metric_misfit import MetricMisfit, metric_misfit


@check(
    "O208",
    Severity.NOTE,
    "{metric} says nothing about {output}: {what}",
    stage=Stage.CONTRACT,
    untreatable="a metric is only shown; the loss does not depend on it",
)
def wrong_metric(network: Network, contract: Contract) -> Iterator[Evidence]:
    """A metric that says nothing about these predictions.

    Why it matters
        Accuracy counts predictions that hit a class. Of amounts it counts the rows where rounding happens to agree,
        a number near 0 however good the model is. Training does not use it: a stuck accuracy is then no sign of
        a stuck model.
    How to fix it
        For amounts mae, or R2Score; for classes the accuracy that goes with the labels, which
        metrics=["accuracy"] chooses by itself.
    When it stays silent
        Errors as metrics of a classifier; accuracy of labels 0 and 1 whatever the loss.
    How sure
        Measured: the metrics are read in the file.
    """
    if len(network.metrics) != len(network.output_names):
        return
    of_output = dict(zip(network.output_names, network.metrics, strict=True))
    for clause in contract.clauses:
        output, labels = clause.output, clause.labels
        by_reason: dict[MetricMisfit, list[str]] = {}
        for metric in of_output.get(output.name, ()):
            misfit = metric_misfit(metric, output, labels)
            if misfit is not None:
                by_reason.setdefault(misfit, []).append(metric)
        for misfit, named in by_reason.items():
            yield Evidence(
                numbers={
                    "metric": listing(named),
                    "output": output.name,
                    "what": misfit.what,
                    "loss": output.loss_label,
                },
                certainty=Certainty.MEASURED,
                why="It changes nothing in training, which follows the loss: the model may be fine.",
                remedy=misfit.remedy,
                strength=0.5,
            )
