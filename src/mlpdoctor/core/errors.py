"""What mlpdoctor says when it is given something it cannot work with."""


class InputError(Exception):
    """The model, the data or an option cannot be used.

    The message is one line that says what was given, what was expected and how to mend it; the command
    line prints it and exits with status 2.
    """


class ModelFileError(InputError):
    """The model file is missing, broken, unsafe or not a Keras model."""


class DataFileError(InputError):
    """The data file is missing, broken, unsafe or does not fit the model."""


class UsageError(InputError):
    """An option of the command line names something that does not exist."""
