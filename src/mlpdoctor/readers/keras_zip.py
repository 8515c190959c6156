"""Members of a zip archive, read into memory within bounds and never written to disk."""

import re
import zipfile
from pathlib import PurePosixPath

from mlpdoctor.errors import ModelFileError

EXPANSION, EXPANSION_FLOOR = 100, 1 << 24
"""Keras stores members uncompressed; a member that grows a hundredfold past 16 MiB is a bomb."""


def check_names(archive: zipfile.ZipFile) -> None:
    """Refuses an archive with a member whose name leads out of it."""
    for name in archive.namelist():
        path = PurePosixPath(name.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", name):
            raise ModelFileError(f"the archive member '{name}' points outside the archive; do not trust this file")


def read_member(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    """One member's content.

    Raises:
        ModelFileError: where it would unpack to more than the limit, or as a bomb does.
    """
    member = archive.getinfo(name)
    size, packed = member.file_size, member.compress_size
    if size > EXPANSION_FLOOR and size > EXPANSION * packed:
        raise ModelFileError(
            f"the archive member {name} unpacks from {packed:,} to {size:,} bytes; do not trust this file"
        )
    if size > limit:
        raise ModelFileError(
            f"the archive member {name} has {size:,} bytes where {limit:,} may be read; if you trust it, "
            "raise the limit with --max-bytes"
        )
    with archive.open(member) as stream:
        return stream.read(size)
