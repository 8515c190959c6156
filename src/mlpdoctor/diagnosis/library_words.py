"""A report in the words of the library that the model is of: nobody who has an ``MLPRegressor`` writes ``Dense``."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from mlpdoctor.core.fast_dataclass import dataclass, twin
from mlpdoctor.core.finding import Finding, Remedy
from mlpdoctor.core.network import Network
from mlpdoctor.core.report_model import Report
from mlpdoctor.diagnosis.code_parts import Part, parts
from mlpdoctor.diagnosis.lines_numpy import numpy_line
from mlpdoctor.diagnosis.lines_sklearn import sklearn_line
from mlpdoctor.diagnosis.lines_torch import torch_line

Words = tuple[tuple[str, str], ...]
"""What Keras calls something, as a pattern, and what the others call it; the first that fits is taken."""


@dataclass(frozen=True)
class Library:
    """How a library writes.

    Attributes:
        line: a part of a remedy as a line of its own; None where it has none.
        words: for the texts of findings and of the verdict.
    """

    line: Callable[[Part, Network], str | None]
    words: Words


SENTENCE = re.compile(r"(?<=[.!?]) (?=[A-Z0-9\[`'\"])")
OF_KERAS = re.compile(r"\b(Keras|TensorFlow|JAX)\b")
"""Sentences on what Keras does are not true of other libraries, so they are left out."""
COMMON: Words = (
    (r"compile with a learning rate", "take a learning rate"),
    (r"compile with an ordinary learning rate", "take an ordinary learning rate"),
    (r", as Keras does by default \(no zeros, ones or Constant as kernel_initializer\)", " (no zeros, no constants)"),
    (r"the model was saved without compile\(\)", "the model does not say what its loss is"),
)
WORDS: Mapping[str, Words] = MappingProxyType(
    {
        "arrays": (
            (r",? with he_uniform\b", " from N(0, 2 / inputs)"),
            (r",? with glorot_uniform\b", " from N(0, 1 / inputs)"),
            (r",? as the default glorot_uniform does", " from N(0, 1 / inputs)"),
            (r", and let EarlyStopping decide when that is", ""),
            (r"An EarlyStopping, an interruption", "A rule to stop early, an interruption"),
            (r": ReduceLROnPlateau\([^)]*\)", ""),
            (r"from_logits=True", "the softmax inside"),
        ),
        "torch": (
            (r"with he_uniform\b", "with kaiming_uniform_"),
            (r"with glorot_uniform\b", "with xavier_uniform_"),
            (r"as the default glorot_uniform does", "as xavier_uniform_ does"),
            (r", and let EarlyStopping decide when that is", ""),
            (r"An EarlyStopping, an interruption", "A rule to stop early, an interruption"),
            (r" with from_logits=True needs", " of raw scores needs"),
            (r" without from_logits needs", " needs"),
            (r"\bleave out from_logits, or the activation", "leave out the activation"),
            (r"tell the loss that it gets raw scores", "take the loss that gets raw scores"),
            (r" units and a softmax\b", " units, without a softmax"),
            (r"use a softmax at the output and categorical cross-entropy", "use nn.CrossEntropyLoss on raw scores"),
            (r"\bput a BatchNormalization\b", "put a BatchNorm1d"),
            (r"\bput a LayerNormalization\b", "put a LayerNorm"),
            (r", or put a Normalization layer, adapted to them, before [\w.\[\]]+", ""),
            (r"put a Normalization layer, adapted to what comes there in training, before", "scale what comes to"),
            (
                r"put this layer, which holds the moments of these data, before [\w.\[\]]+",
                "this line holds their moments",
            ),
        ),
        "scikit-learn": (
            (r"re-initialise ([\w ]+?) with (he|glorot)_uniform", "fit again from other first weights"),
            (r"re-initialise (?:the weights|all layers|\w+)\b", "fit again from other first weights"),
            (r" ?,? ?(with|as the default) (he|glorot)_uniform( does)?", ""),
            (r", and let EarlyStopping decide when that is", ": raise max_iter"),
            (r"An EarlyStopping, an interruption, or a log that was not pasted whole", "A small max_iter or tol"),
            (r"the weight penalty|the penalty l2\([^)]*\)", "the penalty alpha"),
            (r", or put a Normalization layer, adapted to them, before \w+", ""),
            (r"put a Normalization layer, adapted to what comes there in training, before", "scale what comes to"),
            (
                r"put this layer, which holds the moments of these data, before \w+",
                "with a StandardScaler before the MLP",
            ),
            (r": ReduceLROnPlateau\([^)]*\)", ""),
            (r"\bmin_delta\b", "tol"),
        ),
    }
)
MODEL_IN_MEMORY: Words = (
    (r"\b([Tt])he file(?= (tells?|holds?|keeps|does not (tell|hold))\b)", r"\1he model"),
    (r"\bthat the file keeps\b", "that the model keeps"),
    (r"\bno loss in the file\b", "no loss in the model"),
    (r"\bthe model was saved without compile\(\)", "the model was not compiled"),
)
DATA_IN_MEMORY: Words = (
    (r"\b([Tt])he file is\b", r"\1he data are"),
    (r"\b([Tt])he file was\b", r"\1he data were"),
    (r"\b([Tt])he file\b(?! (tells?|holds?|keeps|does not (tell|hold))\b)", r"\1he data"),
    (r"\b([Tt])his file is\b", r"\1hese data are"),
    (r"\b([Tt])his file holds\b", r"\1hese data hold"),
    (r"\b([Tt])his file\b", r"\1hese data"),
)
LINES: Mapping[str, Callable[[Part, Network], str | None]] = MappingProxyType(
    {"arrays": numpy_line, "torch": torch_line, "scikit-learn": sklearn_line}
)


def in_words_of(report: Report, network: Network) -> Report:
    """The report with its lines of code and its texts in the words of the network's library; Keras's stay.

    Args:
        report: as the checks have it.
        network: whose format tells the library, and whose layers the lines are about.
    """
    name = next((one for one in LINES if network.format.startswith(one)), None)
    if name is None:
        return report
    library = Library(LINES[name], (*WORDS[name], *COMMON))
    return twin(
        report,
        verdict=_told(report.verdict, library.words),
        no_ladder=None if report.no_ladder is None else _told(report.no_ladder, library.words),
        findings=tuple(_changed(finding, library, network) for finding in report.findings),
    )


def without_files(report: Report, *, model: bool, data: bool) -> Report:
    """The report with the model, the data, or both named as what they are where they were given in memory.

    Args:
        report: as the checks have it, which speak of "the file".
        model: whether the model came in memory.
        data: whether the data did.
    """
    words = (*(MODEL_IN_MEMORY if model else ()), *(DATA_IN_MEMORY if data else ()))
    outcomes = tuple(
        one if one.reason is None else twin(one, reason=_worded(one.reason, words)) for one in report.outcomes
    )
    findings = []
    for finding in report.findings:
        evidence, remedy = finding.evidence, finding.evidence.remedy
        said = None if remedy is None else Remedy(_worded(remedy.text, words), remedy.code)
        verdict = None if evidence.verdict is None else _worded(evidence.verdict, words)
        changed = twin(evidence, why=_worded(evidence.why, words), remedy=said, verdict=verdict)
        findings.append(twin(finding, message=_worded(finding.message, words), evidence=changed))
    return twin(
        report,
        verdict=_worded(report.verdict, words),
        no_ladder=None if report.no_ladder is None else _worded(report.no_ladder, words),
        findings=tuple(findings),
        outcomes=outcomes,
    )


def _changed(finding: Finding, library: Library, network: Network) -> Finding:
    evidence = finding.evidence
    remedy = evidence.remedy
    if remedy is not None:
        code = None if remedy.code is None else _code(remedy.code, library, network)
        remedy = Remedy(_worded(remedy.text, library.words), code)
    changed = twin(evidence, why=_told(evidence.why, library.words), remedy=remedy)
    return twin(finding, message=_worded(finding.message, library.words), evidence=changed)


def _code(code: str, library: Library, network: Network) -> str | None:
    """All parts of a line in the library's words; None where one of them cannot be said."""
    found = parts(code)
    lines = None if found is None else [library.line(part, network) for part in found]
    return None if not lines or None in lines else "; ".join(dict.fromkeys(filter(None, lines)))


def _told(text: str, words: Words) -> str:
    """A text of several sentences without those on what Keras does."""
    kept = [sentence for sentence in SENTENCE.split(_worded(text, words)) if not OF_KERAS.search(sentence)]
    return " ".join(kept)


def _worded(text: str, words: Words) -> str:
    for pattern, replacement in words:
        text = re.sub(pattern, replacement, text)
    return text
