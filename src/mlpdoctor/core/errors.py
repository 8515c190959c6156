"""What mlpdoctor says when it is given something it cannot work with."""

from mlpdoctor.core.legible import legible


class InputError(Exception):
    """The model, the data or an option cannot be used.

    The message is one line that says what was given, what was expected and how to mend it; the command
    line prints it and exits with status 2.
    """

    def __init__(self, message: str = "") -> None:
        """Hold a message, which may have names from a file in it: they are made legible here."""
        super().__init__(legible(message))


class ModelFileError(InputError):
    """The model file is missing, broken, unsafe or not a Keras model."""


class DataFileError(InputError):
    """The data file is missing, broken, unsafe or does not fit the model."""


class UsageError(InputError):
    """An option of the command line names something that does not exist."""
