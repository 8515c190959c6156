"""What every loss is."""

from abc import ABC, abstractmethod
from typing import ClassVar, Literal

from mlpdoctor.network import Array


class Loss(ABC):
    """A Keras loss.

    Attributes:
        names: how files and users spell it, lower case, without underscores.
        label: its name in words.
        unit: how it grows with the error, which decides the machinery of its floors.
    """

    names: ClassVar[tuple[str, ...]]
    label: ClassVar[str]
    unit: ClassVar[Literal["squares", "absolute"]]

    @abstractmethod
    def of_errors(self, errors: Array) -> Array:
        """The loss of each error ``output - target``, elementwise; Keras averages it over outputs and rows."""
