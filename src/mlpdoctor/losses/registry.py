"""Which loss a name means."""

from mlpdoctor.losses.loss import Loss
from mlpdoctor.registry import instances


def find(name: str) -> Loss | None:
    """The loss that Keras means by a name, whether ``mse``, ``mean_squared_error`` or ``MeanSquaredError``."""
    wanted = name.rpartition(">")[2].replace("_", "").lower()
    return next((loss for loss in known() if wanted in loss.names), None)


def known() -> tuple[Loss, ...]:
    """All losses that have a ladder."""
    from mlpdoctor import losses

    return instances(losses, Loss)
