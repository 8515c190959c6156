"""A model whose answers are read in other terms: amounts as classes, prices in units of their spread."""

from collections.abc import Callable
from dataclasses import dataclass

from cases.kit import Model, Table


@dataclass(frozen=True)
class Translated:
    """What ``Kit.costs`` asks of a model, with every answer put into other terms first."""

    model: Model
    change: Callable[[Table], Table]

    def predict(self, x: Table, **options: int) -> Table:
        """The answers, translated."""
        return self.change(self.model.predict(x, **options))
