"""The libraries that pages are made with: an extra, asked for in one line where it is missing."""

from importlib.util import find_spec

from mlpdoctor.core.errors import UsageError

LIBRARIES = {"jinja2": "Jinja2", "matplotlib": "Matplotlib"}
INSTALL = 'pip install "mlpdoctor[html]"'


def installed() -> bool:
    """Whether pages can be made."""
    return all(find_spec(one) is not None for one in LIBRARIES)


def require() -> None:
    """Stop where pages cannot be made.

    Raises:
        UsageError: a library is not installed; says how to install it.
    """
    missing = [name for one, name in LIBRARIES.items() if find_spec(one) is None]
    if missing:
        are = "are" if len(missing) > 1 else "is"
        raise UsageError(f"an HTML report needs {' and '.join(missing)}, which {are} not installed: {INSTALL}")
