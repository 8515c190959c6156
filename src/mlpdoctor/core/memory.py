"""Memory that is given back to the system as soon as it is free."""

import ctypes

LARGE = 6 << 20
"""Bytes from which an array gets pages of its own: blocks of rows and what becomes of them, but no strip of a block,
for which new pages would take longer than the work."""
MMAP_THRESHOLD = -3
"""``M_MMAP_THRESHOLD`` of ``mallopt(3)``."""


def give_back() -> bool:
    """Have the C library give back every large array; False where it cannot be told to.

    The one of GNU raises its own threshold to the size of each array that is freed, up to 32 MiB. Smaller ones then
    come from the heaps of the threads, which keep what is free between what is not: as much again as the arrays in use.
    """
    try:
        tell = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # musl, macOS, Windows
        return False
    return bool(tell(MMAP_THRESHOLD, LARGE))
