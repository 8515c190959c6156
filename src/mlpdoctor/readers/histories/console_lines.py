"""Lines of a console log as they were printed: without what steers a terminal, and joined where a window cut them."""

import re
from collections.abc import Iterable, Iterator

LONGEST = 1 << 16
"""Characters of a line looked at; the rest of a longer one is no log."""
WIDEST = 400
"""Characters of a line that a terminal wrapped; so wide are none."""

_ESCAPES = re.compile(
    r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]{0,200}(?:\x07|\x1b\\)|\[(?:[0-9]{1,2};?){1,3}m|\[0?m"
)
"""Colours and the like; a paste often lost the escape character and kept the rest: ``[1m2/2[0m``."""
_REWRITTEN = re.compile(r"[\r\x08\x0b\x0c]+")
_GLUED_HEADER = re.compile(r"(?<=\S)\s+(?=Epoch\s+[0-9]{1,9}\s*/\s*[0-9]{1,9}\b)")
_CUT_NAME = re.compile(r"(?:^|\s)-\s+[A-Za-z]\w*$")
_REST_OF_NAME = re.compile(r"\w+:\s")
_CUT_NUMBER = re.compile(r":(\s?[-+0-9.e]*)$")
_REST_OF_NUMBER = re.compile(r"([-+0-9.e]+)(?=\s+-\s|\s*$)")
_KERAS_NUMBER = re.compile(r"\s?-?[0-9]+\.[0-9]{4}(e[-+][0-9]{2,3})?")


def log_lines(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """The lines of a console log with their numbers, counted from 1 in the file.

    Colours are taken out, progress bars that were rewritten in place become lines of their own, so do the epochs of
    a log that lost its line ends, and lines that were wrapped in the middle of a name or a number are fixed.

    Args:
        lines: as the file has them.
    """
    held: tuple[int, str] | None = None
    for number, line in enumerate(lines, 1):
        for part in _REWRITTEN.split(line[:LONGEST]):
            for piece in _GLUED_HEADER.split(_ESCAPES.sub("", part) if "[" in part or "\x1b" in part else part):
                text = piece.rstrip()
                if not text.strip():
                    continue
                glued = None if held is None else _glued(held[1], text)
                if held is not None and glued is None:
                    yield held
                held = (number, text) if glued is None or held is None else (held[0], glued)
    if held is not None:
        yield held


def _glued(before: str, after: str) -> str | None:
    """Two lines as the one they were, or None where each stands for itself."""
    if len(before) > WIDEST:
        return None
    rest = after.lstrip()
    if _REST_OF_NAME.match(rest):
        if before.endswith(" -"):
            return f"{before} {rest}"
        return before + rest if _CUT_NAME.search(before) else None
    end = _REST_OF_NUMBER.match(rest)
    cut = _CUT_NUMBER.search(before) if end else None
    if cut and end:
        whole = _KERAS_NUMBER.fullmatch(cut[1])
        if not whole and (not cut[1].strip() or _KERAS_NUMBER.fullmatch(cut[1] + end[1])):
            return before + rest
    return None
