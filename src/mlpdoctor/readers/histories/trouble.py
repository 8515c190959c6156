"""What is said of a history that cannot be read."""

from mlpdoctor.errors import InputError


class HistoryFileError(InputError):
    """The history is missing, broken, of a kind that is refused, or holds no losses."""
