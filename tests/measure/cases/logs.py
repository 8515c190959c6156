"""A case with the log of its training."""

from dataclasses import dataclass

from cases.kit import Case


@dataclass(frozen=True)
class LoggedCase(Case):
    """One model with its data and what its training logged.

    Attributes:
        log: the text, as Keras or the CSVLogger wrote it.
        named: the file's name.
    """

    log: str = ""
    named: str = "history.csv"
