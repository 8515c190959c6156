"""What is an address of data on another machine, ``s3://bucket/data.csv``, and what is the path of a file."""

import re

_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")


def protocol_of(path: str) -> str | None:
    """How an address is read, ``s3``; None for the path of a file on this machine."""
    found = _ADDRESS.match(path)
    return None if found is None else found[1].lower()
