"""What a treatment may know of the case: the model, the report on it, and rows of its data."""

from dataclasses import dataclass

from mlpdoctor.finding import Report
from mlpdoctor.network import Array, Network


@dataclass(frozen=True, eq=False)
class Patient:
    """One case.

    Attributes:
        network: the model as read from its file.
        report: the diagnosis.
        features: usable rows, shape (rows, features), in the order in which the model takes them; a fair sample will
            do.
        targets: the same rows' targets, shape (rows, targets).
    """

    network: Network
    report: Report
    features: Array
    targets: Array
