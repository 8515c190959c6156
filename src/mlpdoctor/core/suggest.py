"""What somebody who misspelt a name probably meant."""

from collections.abc import Iterable

LIKENESS = 0.5
"""Below it a name has nothing but a few letters in common with what was written."""
MOST = 3


def closest(written: str, known: Iterable[str], otherwise: str = "") -> str:
    """``; did you mean a or b?``, or the other hint, or nothing.

    Args:
        written: the unknown name.
        known: the names there are.
        otherwise: what to say when none of them is near.
    """
    import difflib

    spelt = {name.lower(): name for name in known}
    near = difflib.get_close_matches(written.lower(), spelt, n=MOST, cutoff=LIKENESS)
    if near:
        return f"; did you mean {' or '.join(spelt[name] for name in near)}?"
    return f"; {otherwise}" if otherwise else ""
