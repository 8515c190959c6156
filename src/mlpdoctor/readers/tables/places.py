"""Where data lie: files and folders of this machine, and addresses such as ``s3://bucket/data.csv``, read by fsspec.

All that the readers of tables ask of a place is asked here. Only what the user typed ever gets here: no model and no
data file names a place that is read. fsspec is no requirement and is loaded for addresses alone.
"""

from collections.abc import Hashable
from contextlib import AbstractContextManager
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Protocol, cast

from mlpdoctor.core.address import protocol_of
from mlpdoctor.core.errors import DataFileError
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.readers.bounded_stream import readable

PACKAGES = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "abfs": "adlfs", "az": "adlfs"}
"""What reads an address, by its protocol; it brings fsspec. Others need fsspec, and perhaps more, which it says."""
HTTP = '"fsspec[http]"'


class Named(Protocol):
    """The path of a file, or its address; ``str`` gives it whole."""

    @property
    def name(self) -> str:
        """The last part."""

    @property
    def stem(self) -> str:
        """That without its suffix."""

    @property
    def suffix(self) -> str:
        """From the last dot on."""


@dataclass(frozen=True)
class Address:
    """The address of a file."""

    text: str

    def __str__(self) -> str:
        """As it was given."""
        return self.text

    @property
    def name(self) -> str:
        """The last part."""
        return PurePosixPath(self.text).name

    @property
    def stem(self) -> str:
        """That without its suffix."""
        return PurePosixPath(self.text).stem

    @property
    def suffix(self) -> str:
        """From the last dot on."""
        return PurePosixPath(self.text).suffix


def is_folder(path: str) -> bool:
    """Whether it is a folder.

    Raises:
        DataFileError: it is an address that nothing reads.
    """
    if protocol_of(path) is None:
        return Path(path).is_dir()
    found = _info(path)
    return found is not None and found["type"] == "directory"


def files_of(path: str) -> list[Named]:
    """The files in a folder, in order; hidden ones are left out."""
    found: list[Named]
    if protocol_of(path) is None:
        found = [file for file in Path(path).iterdir() if file.is_file()]
    else:
        system, inside = _system(path)
        listed = system.ls(inside, detail=True)
        found = [Address(str(system.unstrip_protocol(one["name"]))) for one in listed if one["type"] == "file"]
    return sorted((file for file in found if file.name[:1] not in ("", ".", "_")), key=str)


def size_at(path: str) -> int | None:
    """Bytes at an address; None where only reading tells.

    Raises:
        DataFileError: there is nothing.
    """
    found = _info(path)
    if found is None:
        raise DataFileError(f"{path}: there is no such file")
    size = found.get("size")
    return None if size is None else int(size)


def opened(path: str) -> AbstractContextManager[BinaryIO]:
    """A reader of a file, at the first byte."""
    if protocol_of(path) is None:
        return Path(path).open("rb")
    system, inside = _system(path)
    return cast("AbstractContextManager[BinaryIO]", system.open(inside, "rb"))


def version_of(path: str) -> Hashable:
    """What differs when a file has been changed.

    Raises:
        OSError: it is gone.
    """
    if protocol_of(path) is None:
        found = Path(path).stat()
        return found.st_ino, found.st_size, found.st_mtime_ns
    system, inside = _system(path)
    system.invalidate_cache()
    return str(system.ukey(inside))


def _info(path: str) -> "dict[str, Any] | None":
    system, inside = _system(path)
    with readable(path):
        try:
            found: dict[str, Any] = system.info(inside)
        except FileNotFoundError:
            return None
        return found


def _system(path: str) -> tuple[Any, str]:
    """What reads an address, and how it names the place.

    Raises:
        DataFileError: fsspec is missing, or what it needs, or it knows no such address; one with a password is refused.
    """
    protocol = protocol_of(path) or ""
    host = path.split("://", 1)[1].split("/", 1)[0]
    if ":" in host.rpartition("@")[0]:
        raise DataFileError(
            f"{protocol}://: the address holds a password, which would stand in every report; give it in the "
            "environment, as the library that reads such addresses says"
        )
    package = PACKAGES.get(protocol, HTTP if protocol.startswith("http") else "fsspec")
    try:
        from fsspec.core import url_to_fs  # type: ignore[import-untyped]
    except ImportError:
        raise DataFileError(
            f"{path}: an address is read with fsspec, which is not installed: pip install {package}, or give a file of "
            "this machine"
        ) from None
    try:
        system, inside = url_to_fs(path)
    except ImportError as error:
        raise DataFileError(f"{path}: {error}: pip install {package}") from None
    except ValueError:
        raise DataFileError(f"{path}: fsspec knows no address that begins with {protocol}://") from None
    return system, str(inside)
