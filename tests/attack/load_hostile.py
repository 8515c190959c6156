"""Has Keras, and `treat`, load model files while a watch is kept on what is opened; prints what became of each.

Run as a program, with the interpreter whose Keras is to be tried: FOLDER MARKER SECRET.
"""

import ctypes
import json
import os
import struct
import sys
from collections.abc import Callable
from pathlib import Path

from hostile_models import archive, dense, hostile, sequential

IN_OPEN = 0x20
"""Of ``inotify(7)``: somebody opened the file; that includes C++ that Python's own audit does not see."""
HEAD = struct.Struct("iIII")


class Watch:
    """Counts how often a file is opened."""

    def __init__(self, path: Path) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._handle = libc.inotify_init1(os.O_NONBLOCK)
        if libc.inotify_add_watch(self._handle, bytes(path), IN_OPEN) < 0:
            raise OSError(ctypes.get_errno(), "inotify")

    def opened(self) -> int:
        """Since the last time of asking."""
        try:
            return len(os.read(self._handle, 1 << 16)) // HEAD.size
        except BlockingIOError:
            return 0


def told(load: Callable[[], object]) -> str:
    """What a user would read."""
    from mlpdoctor.core.errors import InputError

    try:
        load()
    except InputError as refused:
        return str(refused)
    return ""


def main(folder: Path, marker: Path, secret: Path) -> None:
    """Try all files both ways."""
    import keras

    from mlpdoctor.engine import keras_load
    from mlpdoctor.readers.models.model import read_network
    from mlpdoctor.treat.trials import model as treated

    watch = Watch(secret)
    secret.read_bytes()
    assert watch.opened() == 1, "the watch sees nothing"
    found = {}
    control = archive(folder / "control.keras", sequential(dense()))
    for path in (control, *hostile(folder, marker, secret)):
        watch.opened()
        by_keras = told(lambda path=path: keras_load.load(str(path), {}))  # type: ignore[misc]
        by_treat = told(lambda path=path: treated.load(read_network(str(path)), {}))  # type: ignore[misc]
        found[path.name] = {
            "keras": by_keras, "treat": by_treat, "opened": watch.opened(), "ran": marker.exists(),
        }  # fmt: skip
        marker.unlink(missing_ok=True)
    print(json.dumps({"version": keras.__version__, "files": found}))  # noqa: T201


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
