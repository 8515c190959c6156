"""Which optimizer a file means."""

from functools import cache

from mlpdoctor.core.discovery import subclasses
from mlpdoctor.core.network import Optimizer
from mlpdoctor.nn.optimizers.rule import Rule


def build(optimizer: Optimizer) -> Rule | None:
    """The optimizer of a file with its options; None for one whose updates are not known."""
    kind = next((rule for rule in known() if optimizer.name in rule.names), None)
    return None if kind is None else kind.of(optimizer.options)


@cache
def known() -> tuple[type[Rule], ...]:
    """All optimizers that are known."""
    from mlpdoctor.nn import optimizers

    return subclasses(optimizers, Rule)  # type: ignore[type-abstract]
