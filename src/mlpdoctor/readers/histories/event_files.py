"""TensorBoard's event files, without TensorBoard: records of length and protocol buffer, one run a folder.

TensorBoard's own reader would bring in TensorFlow where it is installed, which takes seconds, and takes the length
of a record on trust. The format is small and has not changed since 2015: a file is a row of TFRecords (length, checksum
of the length, content, checksum of the content), a content is an ``Event`` message. Of it we need the step and, of
each summary value, the tag and one number.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path, PurePath
from typing import BinaryIO

from mlpdoctor.core.history import LEARNING_RATE, LOSS, BadLines
from mlpdoctor.readers.histories.assembled import canonical
from mlpdoctor.readers.histories.folder_files import Files
from mlpdoctor.readers.histories.number_with_digits import NumberWithDigits
from mlpdoctor.readers.histories.runs import Complaints, RunDraft, RunDrafts
from mlpdoctor.readers.protobuf import fields

LARGEST_RECORD = 1 << 20
"""Bytes of a record that is looked into; a graph or a picture may be larger, a number is not."""
LARGEST_STEP = 10**12
RECORD_MARK = b"brain.Event:"
"""Every event file says so in its first record."""

_STEP, _SUMMARY, _VALUE, _TAG, _SIMPLE, _TENSOR = 2, 5, 1, 1, 2, 8
_FORMATS = {1: "<f", 2: "<d"}
"""TensorFlow's numbers for its types float and double."""
_DTYPE, _CONTENT, _OF_FLOATS, _OF_DOUBLES = 1, 4, 5, 6


def scalars(stream: BinaryIO) -> Iterator[tuple[str, int, NumberWithDigits]]:
    """Tag, step and value of each scalar of an event file, in the order of writing.

    A record that is cut short, as the last one of a running training is, ends the file.

    Raises:
        ValueError: a record is no event, or is not what its checksum says.
    """
    number = 0
    while len(head := stream.read(12)) == 12:  # noqa: PLR2004 - a length of 8 bytes and its checksum of 4
        number += 1
        (length,) = struct.unpack("<Q", head[:8])
        _verify(head[:8], head[8:], number)
        if length > LARGEST_RECORD:
            if not _skip(stream, length + 4):
                return
            continue
        content, checksum = stream.read(length), stream.read(4)
        if len(content) < length or len(checksum) < 4:  # noqa: PLR2004
            return
        _verify(content, checksum, number)
        yield from _event(content)


POLYNOMIAL = 0x82F63B78
"""Of CRC-32C (Castagnoli), its bits in reverse: RFC 3720, appendix B.4."""
MASK = 0xA282EAD8
"""What TFRecord adds to a checksum, so that one of bytes with a checksum in them is no special case."""


@cache
def _table() -> tuple[int, ...]:
    """The checksum of each single byte."""
    found = []
    for byte in range(256):
        rest = byte
        for _ in range(8):
            rest = rest >> 1 ^ (POLYNOMIAL if rest & 1 else 0)
        found.append(rest)
    return tuple(found)


def checksum_of(content: bytes) -> int:
    """The masked CRC-32C of some bytes, as TFRecord writes it behind them."""
    table, rest = _table(), 0xFFFFFFFF
    for byte in content:
        rest = table[(rest ^ byte) & 255] ^ rest >> 8
    rest ^= 0xFFFFFFFF
    return ((rest >> 15 | rest << 17) + MASK) & 0xFFFFFFFF


def _verify(content: bytes, checksum: bytes, number: int) -> None:
    if struct.unpack("<I", checksum)[0] != checksum_of(content):
        raise ValueError(f"record {number:,} is damaged, its checksum does not fit; copy the file again")


def _skip(stream: BinaryIO, length: int) -> bool:
    """Pass over bytes, a piece at a time: the length is not to be trusted."""
    while length > 0:
        passed = len(stream.read(min(length, LARGEST_RECORD)))
        if not passed:
            return False
        length -= passed
    return True


def _event(content: bytes) -> Iterator[tuple[str, int, NumberWithDigits]]:
    step, values = 0, list[bytes]()
    for number, part in fields(content):
        if number == _STEP and isinstance(part, int):
            step = part
        elif number == _SUMMARY and isinstance(part, bytes):
            values += [value for key, value in fields(part) if key == _VALUE and isinstance(value, bytes)]
    if step > LARGEST_STEP:
        return
    for value in values:
        tag, number_found = _scalar(value)
        if tag and number_found is not None:
            yield tag, step, NumberWithDigits(number_found)


def _scalar(value: bytes) -> tuple[str, str | None]:
    """Tag and number of one summary value; None for pictures, histograms, texts."""
    tag, number = "", None
    for key, part in fields(value):
        if not isinstance(part, bytes):
            continue
        if key == _TAG:
            tag = part[:200].decode("utf-8", "replace")
        elif key == _SIMPLE and len(part) == 4:  # noqa: PLR2004 - a float32
            number = str(struct.unpack("<f", part)[0])
        elif key == _TENSOR:
            number = _tensor(part)
    return tag, number


def _tensor(content: bytes) -> str | None:
    """The number in a tensor of one float or double, with the digits its type has."""
    kind, found = 0, b""
    for key, part in fields(content):
        if key == _DTYPE and isinstance(part, int):
            kind = part
        elif key in {_CONTENT, _OF_FLOATS, _OF_DOUBLES} and isinstance(part, bytes):
            found = part
    if kind not in _FORMATS or len(found) != struct.calcsize(_FORMATS[kind]):
        return None
    return str(struct.unpack(_FORMATS[kind], found)[0])


MARK = "tfevents"
_SIDES = {"train": "", "training": "", "validation": "val_", "val": "val_", "valid": "val_", "eval": "val_"}
_BY_BATCH = ("batch_", "evaluation_")


def read_event_files(files: Files, paths: Sequence[Path]) -> tuple[list[RunDraft], Complaints]:
    """Read event files, all of one folder and below.

    Args:
        files: opens them and minds the bound.
        paths: the event files.
    """
    complaints = Complaints()
    runs: dict[str, dict[str, list[dict[int, dict[str, NumberWithDigits]]]]] = {}
    for place, path in enumerate(sorted(paths, key=lambda path: (path.parent, path.name)), 1):
        folder = PurePath(path.parent.relative_to(files.folder))
        prefix = _SIDES.get(folder.name.lower())
        name = (folder if prefix is None else folder.parent).as_posix()
        sides = runs.setdefault("" if name == "." else name, {})
        try:
            _add(sides.setdefault(prefix or "", []), _scalars(files, path, prefix or ""))
        except ValueError as error:
            complaints.add(place, f"{path.name}: {error}")
    return [draft for name in runs for draft in _merged(name, runs[name])], complaints


def one_file(stream: BinaryIO) -> tuple[list[RunDraft], BadLines]:
    """Read one event file by itself: its runs up to the first record that is damaged, and what is wrong with that."""
    calls: list[dict[int, dict[str, NumberWithDigits]]] = []
    complaints = Complaints()
    try:
        _add(calls, ((_name(tag, ""), step, value) for tag, step, value in scalars(stream)))
    except ValueError as error:
        complaints.add(1, str(error))
    return _merged("", {"": calls}), complaints.found()


def _scalars(files: Files, path: Path, prefix: str) -> Iterator[tuple[str, int, NumberWithDigits]]:
    with files.open(path) as stream:
        yield from ((_name(tag, prefix), step, value) for tag, step, value in scalars(stream))


def _name(tag: str, prefix: str) -> str:
    """The name of a quantity that is logged once in an epoch; empty for what is logged by batch."""
    if tag.startswith(_BY_BATCH):
        return ""
    name = canonical(tag.removeprefix("epoch_"))
    return name if name == LEARNING_RATE or name.startswith("val_") else prefix + name


def _add(
    calls: list[dict[int, dict[str, NumberWithDigits]]], found: Iterable[tuple[str, int, NumberWithDigits]]
) -> None:
    """Sort scalars into calls of ``fit``: one begins where a file does and where steps begin again."""
    calls.append({})
    for name, step, value in found:
        if not name:
            continue
        if name in calls[-1].get(step, {}) or (calls[-1] and step < next(reversed(calls[-1])) and name == LOSS):
            calls.append({})
        calls[-1].setdefault(step, {})[name] = value


def _merged(name: str, sides: dict[str, list[dict[int, dict[str, NumberWithDigits]]]]) -> list[RunDraft]:
    """Training and validation of the same calls, matched from the last."""
    found = {side: [call for call in calls if call] for side, calls in sides.items()}
    drafts = RunDrafts()
    drafts.begin(name)
    for place in range(max(map(len, found.values()), default=0), 0, -1):
        rows: dict[int, dict[str, NumberWithDigits]] = {}
        for calls in found.values():
            for step, row in calls[-place].items() if place <= len(calls) else ():
                rows.setdefault(step, {}).update(row)
        drafts.begin(name)
        for step in sorted(rows):
            drafts.put(step, rows[step]).name = name
    return drafts.found()
