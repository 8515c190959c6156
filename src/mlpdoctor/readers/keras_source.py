"""What every format of model file has to tell."""

from typing import Protocol

from mlpdoctor.network import Stored
from mlpdoctor.readers.keras_blueprint import Blueprint
from mlpdoctor.readers.keras_weights import Expected


class Source(Protocol):
    """An opened model file.

    Attributes:
        config: the serialized model.
        keras_version: as the file states it, or None.
        keras: its major version.
    """

    config: dict[str, object]
    keras_version: str | None
    keras: int

    @property
    def compiled(self) -> dict[str, object] | None:
        """What ``compile`` was called with: loss, loss_weights, optimizer."""

    def fill(self, model: Blueprint, expected: Expected) -> None:
        """Gives every layer of the model its weights."""

    def first_width(self, model: Blueprint) -> int | None:
        """Features that the first Dense kernel of a Sequential model takes."""

    def optimizer(self) -> list[tuple[str, Stored]]:
        """The optimizer's variables in order, with their names or numbers."""

    def close(self) -> None:
        """Closes the file."""
