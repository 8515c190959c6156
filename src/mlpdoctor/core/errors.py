"""The one way in which a text that came out of a file, or names one, reaches a person or a program.

Names of layers, classes, columns, archive members and files are chosen by whoever made the file. A control character in
one steers a terminal, a line break forges a second message, a mark that turns the direction of writing or that nobody
sees passes one name off as another, and ``::error::`` in the log of a CI is a command to it. Each is written out.

Texts pass here where they come in (`readers`), where an error is made (`InputError`) and where a report is
(`core.report_model.legible_parts`), so that no format has to think of it. What opens a file keeps its name as it is.
"""

import re
from collections.abc import Iterable

UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Letters, marks and signs of which nothing is seen, although Unicode counts them among those that print."""
COMMANDS = (
    "add-mask add-matcher add-path debug echo endgroup error group notice remove-matcher save-state set-env set-output "
    "stop-commands warning"
)
"""What GitHub's runner does when a line begins with two colons and one of these words."""
TO_A_RUNNER = re.compile(rf"(?<=:):(?=(?:{'|'.join(COMMANDS.split())})\b)|(?<=#)#(?=\[|vso\[)", re.IGNORECASE)
"""The second sign of what begins a command to the runner of GitHub, ``::error`` and ``##[error]``, or of Azure.

A report is broken into lines at the width of the screen, so that any place in a name can come to begin one.
"""


def legible(text: str) -> str:
    r"""A text on one line with all that is in it seen: ``a\x1b[31m``. What is legible already stays as it is."""
    if not text.isprintable() or UNSEEN.search(text):
        text = "".join(one if one.isprintable() and not UNSEEN.match(one) else spelt_out(one) for one in text)
    return TO_A_RUNNER.sub(lambda sign: f"\\x{ord(sign[0]):x}", text) if "::" in text or "##" in text else text


def spelt_out(character: str) -> str:
    r"""A character that cannot be shown as its number: ``\x1b``, ``\n``, ``\u202e``."""
    return ascii(character)[1:-1]


class InputError(Exception):
    """The model, the data or an option cannot be used.

    The message is one line that says what was given, what was expected and how to fix it; the command
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


LIKENESS = 0.5
"""Below it a name has nothing but a few letters in common with what was written."""
MOST = 3


def closest(written: str, known: Iterable[str], otherwise: str = "") -> str:
    """``; did you mean a or b?``, or the other hint, or nothing.

    Args:
        written: the unknown name.
        known: the names there are.
        otherwise: what to say when none of them is near.
    """
    import difflib

    spelt = {name.lower(): name for name in known}
    near = difflib.get_close_matches(written.lower(), spelt, n=MOST, cutoff=LIKENESS)
    if near:
        return f"; did you mean {' or '.join(spelt[name] for name in near)}?"
    return f"; {otherwise}" if otherwise else ""
