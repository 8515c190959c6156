"""What texts of the command line say, as it is said in Python: ``--loss mse`` is ``loss='mse'``."""

import re

COMMAND = "mlpdoctor treat "
OPTION = re.compile(
    r"--(loss|target|features|drop|sample-weight|max-bytes|quick|custom-objects|data|preprocess|plateau|history|engine"
    r"|layers|optimizer|learning-rate|seed|select|ignore)\b(?: (mse|data\.csv|tanh,linear|layers\.toml|'[^']*'))?"
)
"""Options of the command line that are arguments in Python, and the values that texts give as examples."""


def in_python(text: str) -> str:
    """A text with options of the command line as the arguments that they are here: ``--loss mse`` is ``loss='mse'``.

    A line with a command to copy stays as it is.
    """
    lines = (
        line if COMMAND in line else OPTION.sub(lambda found: f"{found[1].replace('-', '_')}={_quoted(found[2])}", line)
        for line in text.split("\n")
    )
    return "\n".join(lines)


def _quoted(value: str | None) -> str:
    return "" if value is None else value if value.startswith("'") else repr(value)
