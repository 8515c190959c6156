"""What Keras callbacks write between the epochs of a log: learning rates, early stops, restored weights."""

import re

from mlpdoctor.history import Note
from mlpdoctor.readers.histories.written import NUMBER, written

_EPOCH = r"^\W*Epoch\s+0*(?P<epoch>[0-9]{1,12})\s*:\s+"
_KINDS = (
    ("learning rate", re.compile(_EPOCH + rf".*learning rate to (?P<value>{NUMBER})")),
    ("stopped early", re.compile(_EPOCH + r"early stopping")),
    (
        "best weights restored",
        re.compile(r"^\W*Restoring model weights from the end of the best epoch:? ?(?P<value>\d+)?"),
    ),
)
_BEGIN = re.compile(r"^\W*(?:Epoch\s+[0-9]+\s*:|Restoring)")
_OTHER = re.compile(_EPOCH + r"(?:\S+ (?:improved|did not improve)|saving model|finished saving)")


def note_of(line: str, epoch: int) -> tuple[bool, Note | None]:
    """Whether a line is a callback's, and what it tells.

    Args:
        line: the line.
        epoch: the epoch it stands after, for callbacks that do not say.
    """
    if not _BEGIN.match(line):
        return False, None
    for kind, pattern in _KINDS:
        if found := pattern.search(line):
            parts = found.groupdict()
            number = written(parts.get("value") or "")
            return True, Note(int(parts.get("epoch") or epoch), kind, None if number is None else float(number))
    return bool(_OTHER.search(line)), None
