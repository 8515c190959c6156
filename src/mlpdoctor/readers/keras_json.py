"""The JSON objects of model files, and the version they state."""

import json
import re
from typing import Any

from mlpdoctor.errors import ModelFileError


def json_object(content: str | bytes, name: str) -> dict[str, Any]:
    """A JSON object.

    Args:
        content: UTF-8 text.
        name: what it is called in the file, for the message.

    Raises:
        ModelFileError: where it is none.
    """
    try:
        found = json.loads(content)
    except RecursionError:
        raise ModelFileError(f"{name} is nested deeper than any model is; do not trust this file") from None
    except ValueError as error:
        raise ModelFileError(f"{name} is no valid JSON ({error}); re-save the model") from error
    if not isinstance(found, dict):
        raise ModelFileError(f"{name} should be a JSON object, but is a {type(found).__name__}; re-save the model")
    return found


def major_version(version: str | None, default: int) -> int:
    """The leading number of a version, ``2.15.0``; the default where the file states none."""
    leading = re.match(r"\d+", version or "")
    return int(leading.group()) if leading else default
