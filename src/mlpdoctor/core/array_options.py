"""What turns a file of arrays into a model: what the user says of it on the command line."""

from mlpdoctor.core.fast_dataclass import dataclass


@dataclass(frozen=True)
class ArrayOptions:
    """A hand-written network, as far as its arrays do not tell.

    Attributes:
        layers: the activation of each layer from the input on, ``tanh,linear``; or the path of a ``.toml`` or ``.json``
            file that says so.
        optimizer: its name, ``sgd``; None where it is not known.
        learning_rate: of the optimizer; None for its default.
    """

    layers: str
    optimizer: str | None = None
    learning_rate: float | None = None
