"""Runs a command on a real pseudo-terminal, to see what a person sees."""

import os
import re
import struct
import subprocess
import sys

import pytest
from paths import ROOT, SOURCE

ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
"""What steers the terminal."""


def on_a_terminal(words: list[str], columns: int, **variables: str) -> str:
    """What a terminal of that many columns receives."""
    if sys.platform == "win32":
        pytest.skip("Windows has no pseudo-terminals")
    import fcntl
    import pty
    import termios

    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    here = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE.parent)}
    environment = {**here, "TERM": "xterm-256color", "LANG": "C.UTF-8", **variables}
    with subprocess.Popen(
        words, stdin=follower, stdout=follower, stderr=follower, env=environment, cwd=ROOT, close_fds=True
    ) as process:
        os.close(follower)
        received = b""
        while True:
            try:
                chunk = os.read(leader, 65536)
            except OSError:  # the terminal closes when the process ends
                break
            if not chunk:
                break
            received += chunk
        process.wait()
    os.close(leader)
    return received.decode()
