"""What a training curve alone can say, and beside data what its plateau is."""

import time
from dataclasses import replace
from typing import BinaryIO

from mlpdoctor.core import random_state, threads
from mlpdoctor.core.check import Check
from mlpdoctor.core.dataset import Dataset, Wanted
from mlpdoctor.core.errors import UsageError
from mlpdoctor.core.fact import Absent
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Finding, Severity
from mlpdoctor.core.history_summary import HistorySummary
from mlpdoctor.core.ladder import Ladder
from mlpdoctor.core.report_model import Report
from mlpdoctor.core.text import named, printed, short
from mlpdoctor.diagnosis.diagnose import all_checks, examine, logged
from mlpdoctor.diagnosis.placeholder_model import Guess, guessed_loss, placeholder_model
from mlpdoctor.diagnosis.rank import rank
from mlpdoctor.diagnosis.run_checks import run
from mlpdoctor.diagnosis.summary import ruled_out, summarise_data, summarise_history, summarise_model
from mlpdoctor.diagnosis.verdict import from_the_curve, led
from mlpdoctor.engine.engine_choice import NUMPY, Following
from mlpdoctor.engine.stream import RowsRead
from mlpdoctor.facts.outputs.contract import Contract
from mlpdoctor.readers.tables.data import open_dataset
from mlpdoctor.statistics.cell_counts import CellCounts

FAMILY = "H"
"""Rules on training histories."""
NO_MODEL = "no model was given"


@dataclass(frozen=True)
class CurveQuestion:
    """What the user asks of a history without a model.

    Attributes:
        history: files and folders that training logged to.
        plateau: the loss at which training stopped, as it was printed, where there is no log.
        data: path of the data, None for none.
        target: names or positions of the target columns; None for a guess.
        features: names of the feature columns; None for all the rest.
        drop: columns to leave out.
        loss: name of the loss; None for a guess.
        sample_weight: name of the column that says how much each row counts in the loss.
        max_bytes: limit on what is read of a file, unpacked.
        seed: where random numbers start.
    """

    history: tuple[str, ...] = ()
    plateau: str | None = None
    data: str | None = None
    target: tuple[str, ...] | None = None
    features: tuple[str, ...] | None = None
    drop: tuple[str, ...] = ()
    loss: str | None = None
    sample_weight: str | None = None
    max_bytes: int | None = None
    seed: int = 0


def diagnose_curve(
    question: CurveQuestion, *, stdin: BinaryIO | None = None, progress: RowsRead | None = None
) -> Report:
    """Answer the question.

    Raises:
        InputError: the history or the data cannot be used.
    """
    started = time.perf_counter()
    history = logged(question.history, question.plateau, question.data, stdin, question.max_bytes)
    if history is None:
        raise UsageError(
            "give a training history, or the loss it stopped at: mlpdoctor curve HISTORY, or --plateau 0.0057"
        )
    dataset = None if question.data is None else _opened(question, question.data, stdin)
    guess = Guess(question.loss) if question.loss is not None else guessed_loss(history.last, dataset)
    network = placeholder_model(history.path, dataset, guess.loss)
    if dataset is not None and guess.told is not None:
        history = replace(history, guesses=(*history.guesses, guess.told))
    read = time.perf_counter()
    checks = family()
    with threads.one(), random_state.shifted(question.seed):
        answers = examine(network, dataset, checks, progress, Following(NUMPY), history)
        answers.no_forward = NO_MODEL
        found, outcomes = run(checks, answers)
        findings = rank(found)
        ladder = answers.get(Ladder)
        known = None if isinstance(ladder, Absent) else ladder
        told = summarise_history(history, answers)
        data = None if dataset is None else summarise_data(dataset, answers.get(CellCounts), answers.get(Contract))
    finished = time.perf_counter()
    return Report(
        model=summarise_model(network, None),
        data=data,
        verdict=verdict(findings, told, known, with_data=dataset is not None),
        ladder=known,
        no_ladder=ladder.reason if isinstance(ladder, Absent) else None,
        findings=findings,
        ruled_out=ruled_out(findings, outcomes),
        outcomes=tuple(outcomes),
        seconds={"read": read - started, "examine": finished - read},
        history=told,
    )


def family() -> tuple[Check, ...]:
    """The rules on training histories."""
    return tuple(check for check in all_checks() if check.rule.code.startswith(FAMILY))


def verdict(
    findings: tuple[Finding, ...], history: HistorySummary, ladder: Ladder | None = None, *, with_data: bool
) -> str:
    """What the report says first: what the curve did, and what that means."""
    leading = next((finding for finding in findings if finding.severity is not Severity.NOTE), None)
    if leading is None:
        leading = next((finding for finding in findings if finding.evidence.verdict is not None), None)
    if leading is not None:
        curve = from_the_curve(findings, leading)
        return led(leading) if curve is None or curve == led(leading) else f"{curve} {led(leading)}"
    more = "" if with_data else " With its data (--data data.csv) mlpdoctor tells what that loss is."
    plateau = history.plateau
    if plateau is None:
        return f"The curve alone shows nothing that keeps the loss up.{more}"
    starts = {
        "heading": "The training loss still falls, and heads for",
        "reached": "The training loss hardly falls any more, and has come to",
        "trials": "All trials stop at",
    }
    level = printed(plateau.value, history.decimals)
    place = "" if ladder is None or plateau.rungs else _place(plateau.value, ladder)
    return f"{starts.get(plateau.source, 'The loss stops at')} {level}{place}.{more}"


def _place(value: float, ladder: Ladder) -> str:
    """Between which rungs a loss is that is on none."""
    added = 0.0 if ladder.penalty is None else ladder.penalty.total
    rungs = [rung for rung in ladder.rungs if rung.name in ("constant", "affine")]
    above = [rung for rung in rungs if value < rung.value + added]
    below = [rung for rung in rungs if value >= rung.value + added]
    over = f"{named(above[-1].label)}, {short(above[-1].value)}" if above else ""
    under = f"{named(below[0].label)}, {short(below[0].value)}" if below else ""
    if over and under:
        return f", between {under}, and {over}"
    if under:
        return f", above {under}"
    return f", below {over}; these data allow {short(ladder.value('data') or 0.0)}" if over else ""


def _opened(question: CurveQuestion, data: str, stdin: BinaryIO | None) -> Dataset:
    wanted = Wanted(
        features=None,
        target=question.target,
        feature_names=question.features,
        drop=question.drop,
        sample_weight=question.sample_weight,
    )
    limit = {} if question.max_bytes is None else {"max_bytes": question.max_bytes}
    return open_dataset(data, wanted, stdin=stdin, **limit)
