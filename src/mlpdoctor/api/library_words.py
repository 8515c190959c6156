"""What texts of the command line say, as it is said in Python: ``--loss mse`` is ``loss='mse'``."""

import re

COMMAND = "mlpdoctor treat "
OPTION = re.compile(
    r"--(loss|target|features|drop|sample-weight|max-bytes|quick|custom-objects|data|preprocess|plateau|history|engine"
    r"|layers|optimizer|learning-rate|seed|select|ignore|validation|split)\b"
    r"(?: (mse|data\.csv|tanh,linear|layers\.toml|0\.2(?::42(?::stratify)?)?|'[^']*'))?"
)
"""Options of the command line that are arguments in Python, and the values that texts give as examples."""


def in_python(text: str) -> str:
    """A text with options of the command line as the arguments that they are here: ``--loss mse`` is ``loss='mse'``.

    A line with a command to copy stays as it is.
    """
    return "\n".join(line if COMMAND in line else OPTION.sub(_argument, line) for line in text.split("\n"))


def _argument(found: re.Match[str]) -> str:
    """``loss='mse'`` or ``loss=``; before a colon the name alone, as in ``loss: there is none of that name``."""
    name = found[1].replace("-", "_")
    return name if found.string[found.end() :].startswith(":") else f"{name}={_quoted(found[2])}"


def _quoted(value: str | None) -> str:
    return "" if value is None else value if value.startswith("'") else repr(value)
