"""Lines of code in the library that the model is of: nobody who has an ``MLPRegressor`` writes ``Dense``."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from mlpdoctor.core.finding import Finding, Remedy
from mlpdoctor.core.report_model import Report

NAMES: Mapping[str, str] = MappingProxyType({"tanh": "tanh", "relu": "relu", "sigmoid": "logistic"})
"""Hidden activations that scikit-learn has, by Keras's names."""
ACTIVATION = re.compile(r'Dense\(\d+, activation="(\w+)"')
RATE = re.compile(r"optimizers\.\w+\(([-+.\de]+)")
OF_KERAS = re.compile(r"keras|Dense\(|model\.|layers\.")


COMMAND = "mlpdoctor treat "
OPTION = re.compile(
    r"--(loss|target|features|drop|sample-weight|max-bytes|quick|custom-objects|data|preprocess|plateau|history|engine)\b"
    r"(?: (mse|data\.csv|'[^']*'))?"
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


def in_words_of(report: Report, library: str | None) -> Report:
    """The report with its lines of code in a library's own words.

    Args:
        report: as the checks have it, in Keras's.
        library: a class of scikit-learn, ``MLPRegressor``; None for Keras.
    """
    if library is None:
        return report
    return replace(report, findings=tuple(_changed(finding, _sklearn(library)) for finding in report.findings))


def _changed(finding: Finding, spelt: Callable[[str], str | None]) -> Finding:
    remedy = finding.evidence.remedy
    if remedy is None or remedy.code is None:
        return finding
    return replace(finding, evidence=replace(finding.evidence, remedy=Remedy(remedy.text, spelt(remedy.code))))


def _sklearn(kind: str) -> Callable[[str], str | None]:
    """From a line of Keras to one of scikit-learn; None where there is none, so that the words alone are shown."""

    def spelt(code: str) -> str | None:
        activation, rate = ACTIVATION.search(code), RATE.search(code)
        if activation is not None and activation[1] in NAMES:
            return f'{kind}(activation="{NAMES[activation[1]]}")'
        if rate is not None:
            return f"{kind}(learning_rate_init={rate[1]})"
        return None if OF_KERAS.search(code) else code

    return spelt
