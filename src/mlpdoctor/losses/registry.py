"""Which loss a configuration means."""

from functools import cache

from mlpdoctor.losses.loss import Loss
from mlpdoctor.losses.unsupported import REASONS
from mlpdoctor.network import KERAS_3, LossConfig
from mlpdoctor.registry import subclasses


def kind_of(name: str) -> type[Loss] | None:
    """The loss that Keras means by a name, whether ``mse``, ``mean_squared_error`` or ``MeanSquaredError``."""
    wanted = _plain(name)
    return next((loss for loss in known() if wanted in loss.names), None)


def build(config: LossConfig, keras: int = KERAS_3) -> Loss | None:
    """The loss of a file with its options; None when there is no ladder for any loss of this name."""
    kind = kind_of(config.name)
    return None if kind is None else kind.of(config.options, keras)


@cache
def known() -> tuple[type[Loss], ...]:
    """All losses that are known."""
    from mlpdoctor import losses

    return subclasses(losses, Loss)  # type: ignore[type-abstract]


def why_not(name: str) -> str:
    """Why there is no ladder for a loss of this name, for the user."""
    return REASONS.get(_plain(name) or "", "it is not one of Keras's own losses")


def _plain(name: str) -> str | None:
    """The name as ``Loss.names`` spells it; None for one that somebody registered under a package of theirs."""
    return None if ">" in name else name.replace("_", "").lower()
