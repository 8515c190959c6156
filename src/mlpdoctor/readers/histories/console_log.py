"""Console logs, as Keras 1, 2 and 3 and R print them with verbose 1 or 2, or as people print them by hand."""

import re
from collections.abc import Iterable, Mapping

from mlpdoctor.core.history import LOSS, BadLines, Note
from mlpdoctor.readers.histories.assembled import canonical
from mlpdoctor.readers.histories.console_lines import log_lines
from mlpdoctor.readers.histories.number_with_digits import NUMBER, NumberWithDigits, number_with_digits
from mlpdoctor.readers.histories.runs import Complaints, RunDraft, RunDrafts

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
            number = number_with_digits(parts.get("value") or "")
            return True, Note(int(parts.get("epoch") or epoch), kind, None if number is None else float(number))
    return bool(_OTHER.search(line)), None


_DIGITS = "[0-9]{1,12}"
_HEADER = re.compile(rf"^\W*Epoch\s*[:#]?\s*[\[(]?\s*({_DIGITS})\s*(?:/|of)\s*({_DIGITS})\s*[\])]?", re.IGNORECASE)
_COUNTED = re.compile(rf"\b(?:epoch|ep|iteration|iter|step)\s*[:=#]?\s*({_DIGITS})(?![\w.])", re.IGNORECASE)
_R_EPOCHS = re.compile(rf"\bepochs=({_DIGITS})\)")
_R_FINAL = re.compile(r"^\s*Final epoch \(")
_R_LINE = re.compile(rf"^\s*[A-Za-z_][\w./-]{{0,99}}:\s*{NUMBER}\s*$")
_PROGRESS = re.compile(rf"^\W*({_DIGITS})/({_DIGITS}|Unknown|None|\?)\s")
_NAME = r"(?<![\w.'\"])((?:(?:train|training|val|valid|validation|test)[ ])?[A-Za-z_][\w./-]{0,99})"
_PAIR = re.compile(rf"{_NAME}\s{{0,3}}[:=]\s{{0,9}}({NUMBER})(?![\w:%'\"]|[.,][0-9])", re.IGNORECASE)
_SPACED = re.compile(
    rf"\b((?:(?:train|training|val|valid|validation)[ _])?loss)\s{{1,3}}({NUMBER})(?![\w:%'\"]|[.,][0-9])",
    re.IGNORECASE,
)
"""``Epoch 3 loss 0.5``: only on a line that counts epochs, for prose says so, too."""
_BY_HAND = re.compile(
    rf"^\W*(?:epoch|ep|iteration|iter|step)\s*[:=#]?\s*{_DIGITS}\b.{{0,40}}?"
    rf"\b(?:(train|training|val|valid|validation|test)[ _])?(?:err|error|cost)\s{{0,3}}[:=]?\s{{0,3}}"
    rf"({NUMBER})(?=\s*$|\s*[,;|]|\s+-|\s+\w+(?:\s\w+)?\s*[:=]?\s*[-+.]?[0-9])(?!,[0-9])",
    re.IGNORECASE,
)
"""``iter 0 err 1.41``, as networks written by hand print it: only on a line that begins with a count."""
_COST_AFTER = re.compile(
    rf"^\W*(?:cost|error)\s+after\s+(?:epoch|iteration|step)\s*#?\s*{_DIGITS}\s*[:=]\s*({NUMBER})\s*$", re.IGNORECASE
)
"""``Cost after iteration 100: 0.64``, as a well-known course has it."""
_CONTINUED = re.compile(rf"^\s*-\s+[A-Za-z_][\w./-]{{0,99}}:\s*{NUMBER}\s*(?:$|-\s)")
_LOSS_OF_KERAS = re.compile(r"(?:^\W*|\s-\s+)(?:val_)?loss:\s*(\S*)")
_COUNTERS = frozenset(("epoch", "ep", "iteration", "iter", "step", "eta", "time"))
_BRACKETS = re.compile(r"\([^()]*\)")
_CODE = re.compile(r"[({]|<-|['\"]")
"""A line with an open bracket, a quote or an arrow of R is somebody's program, not its output."""


def read_console(lines: Iterable[str]) -> tuple[list[RunDraft], BadLines]:
    """Read the log in a text that may hold anything else, too.

    Args:
        lines: the text.

    Returns:
        A draft for each call of ``fit``, and the lines that should have held a loss and did not.
    """
    log = _Log()
    for number, line in log_lines(lines):
        log.line(number, line)
    log.end()
    return log.drafts.found(), log.complaints.found()


class _Log:
    """Reads line by line.

    An epoch is opened by its header, ``Epoch 3/90``, or where the log has none by a line with a loss. Its numbers are
    those of the last line that a progress bar printed for it. What comes after that, as ``evaluate`` prints it, is
    left out.
    """

    def __init__(self) -> None:
        self.drafts = RunDrafts()
        self.complaints = Complaints()
        self._epoch: int | None = None
        self._goes_on: re.Pattern[str] | None = None
        self._row: dict[str, NumberWithDigits] = {}
        self._complete: tuple[str, ...] | None = None
        self._asked: int | None = None

    @property
    def _headed(self) -> bool:
        """Whether the epoch has a header; lines after it without a loss may then belong to it, too."""
        return self._goes_on is not None

    def line(self, number: int, line: str) -> None:
        is_note, note = note_of(line, self._epoch or max(self.drafts.current.last_epoch, 1))
        if is_note:
            self.drafts.current.notes += [] if note is None else [note]
            return
        header = _HEADER.match(line)
        row = _row(line[header.end() :] if header else line, self._goes_on)
        if header:
            self._header(int(header[1]), int(header[2]), has_row=bool(row))
        elif _R_FINAL.match(line) and self._asked:
            self._open(self._asked, _R_LINE)
        elif "epochs=" in line and (found := _R_EPOCHS.search(line)):
            self._asked = int(found[1])
        if row:
            self._numbers(line, row)
        elif self._headed or self.drafts.current.rows:
            self._complain(number, line)

    def end(self) -> None:
        """Keep the last epoch, unless it was cut short and others were not."""
        if self._complete is not None or not self.drafts.found():
            self._keep()

    def _header(self, epoch: int, planned: int, *, has_row: bool) -> None:
        if not (has_row and self._headed and epoch == self._epoch):  # a bar may repeat the header with each step
            self._open(epoch, _CONTINUED)
        self._complete = None
        self.drafts.current.planned = planned

    def _open(self, epoch: int | None, goes_on: re.Pattern[str] | None) -> None:
        self._keep()
        if epoch is not None and epoch <= self.drafts.current.last_epoch:
            self.drafts.begin()
        self._epoch, self._goes_on, self._complete = epoch, goes_on, None

    def _keep(self) -> None:
        if self._row:
            last = self.drafts.current.last_epoch
            self.drafts.put(max(last, 0) + 1 if self._epoch is None else self._epoch, self._row)
            self._row = {}

    def _numbers(self, line: str, row: dict[str, NumberWithDigits]) -> None:
        counted = None if self._headed else _COUNTED.search(line)
        progress = _PROGRESS.match(line)
        if counted:
            self._open(int(counted[1]), None)
        elif self._complete is not None and not self._same_epoch(progress, row):
            if self._headed:
                return
            self._open(None, None)
        self._row |= row
        if "ETA" not in line and (progress is None or not progress[2].isdigit() or progress[1] == progress[2]):
            self._complete = () if progress is None else (progress[1], progress[2])

    def _same_epoch(self, progress: re.Match[str] | None, row: Mapping[str, NumberWithDigits]) -> bool:
        """Whether a line goes on about the epoch of which a complete line has been read."""
        if progress is None:
            return self._headed and not set(row) & set(self._row)
        if self._complete != (progress[1], progress[2]):
            return False
        agree = str(row.get(LOSS)) == str(self._row.get(LOSS))  # NaN is not equal to itself
        return row.keys() >= self._row.keys() and (agree or len(row) > len(self._row))

    def _complain(self, number: int, line: str) -> None:
        found = _LOSS_OF_KERAS.search(line)
        if found and not _CODE.search(line):
            self.complaints.add(number, f"no number after loss: {found[1][:20]!r}")


def _row(line: str, goes_on: re.Pattern[str] | None) -> dict[str, NumberWithDigits]:
    """The numbers of a line by name; empty where the line is not about a loss."""
    if "loss" not in line.lower() and not (goes_on and goes_on.match(line)):
        return _by_hand(line)
    if _CODE.search(_BRACKETS.sub("", line)):
        return {}
    pairs = _PAIR.findall(line)
    if not pairs and _COUNTED.search(line):
        pairs = _SPACED.findall(line)
    found = {canonical(name): NumberWithDigits(number) for name, number in pairs}
    return {name: number for name, number in found.items() if name.lower() not in _COUNTERS}


def _by_hand(line: str) -> dict[str, NumberWithDigits]:
    """The loss on a line that calls it a cost or an error; empty on any other line."""
    if _CODE.search(line):
        return {}
    if found := _COST_AFTER.match(line):
        return {LOSS: NumberWithDigits(found[1])}
    if (found := _BY_HAND.match(line)) and found[1] != "test":
        return {canonical(f"{found[1]}_loss" if found[1] else LOSS): NumberWithDigits(found[2])}
    return {}
