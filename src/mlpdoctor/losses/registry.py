"""Which loss a name means."""

from mlpdoctor.losses.loss import Loss
from mlpdoctor.registry import instances


def find(name: str) -> Loss | None:
    """The loss that Keras means by a name, whether ``mse``, ``mean_squared_error`` or ``MeanSquaredError``."""
    if ">" in name:  # registered by somebody under a package of theirs: not Keras's loss, whatever its name
        return None
    wanted = name.replace("_", "").lower()
    return next((loss for loss in known() if wanted in loss.names), None)


def known() -> tuple[Loss, ...]:
    """All losses that have a ladder."""
    from mlpdoctor import losses

    return instances(losses, Loss)
