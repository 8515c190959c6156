"""The whole of ``mlpdoctor treat``: diagnose, choose changes, try them, say what it comes to, keep the best."""

import dataclasses
import math
import os
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.errors import UsageError
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Severity
from mlpdoctor.core.report_model import Report, legible_parts
from mlpdoctor.core.trial_result import RunGroup, TrialResult
from mlpdoctor.core.whole_file import Put, keep_apart, require_place, unless_there
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question, files_read
from mlpdoctor.diagnosis.subject import Subject, opened
from mlpdoctor.engine.keras_load import own_objects
from mlpdoctor.engine.keras_start import keras, scopes_closed
from mlpdoctor.engine.user_code import custom_objects
from mlpdoctor.treat.case import Case
from mlpdoctor.treat.trials.budget import Budget, Meter
from mlpdoctor.treat.trials.candidates import choose
from mlpdoctor.treat.trials.conclusions import conclusion, in_order, update_report
from mlpdoctor.treat.trials.evaluate import CLEAR
from mlpdoctor.treat.trials.experiment import Experiment
from mlpdoctor.treat.trials.fit import Trainee
from mlpdoctor.treat.trials.judge import blind
from mlpdoctor.treat.trials.model import build, load, write
from mlpdoctor.treat.trials.plan import Plan
from mlpdoctor.treat.trials.rows import USUAL, Rows, draw
from mlpdoctor.treat.trials.runs import Pace, Runs
from mlpdoctor.treat.trials.variant import VariantBuilder

SEEDS = 3
UNABLE = ("numpy", "openvino")
"""Backends of Keras that run models and cannot train them."""
OPTION = "--output-model"
KNOWN_ROWS = 20_000
"""Rows that a treatment looks at to choose its numbers."""


@dataclass(frozen=True)
class Order:
    """What the user asks of the trials.

    Attributes:
        budget: how long they may take.
        seeds: runs of each side.
        words: rules or treatments to try; empty for those that the report calls for.
        batch: rows of an update.
        output: where the cured model goes; None for nowhere.
        force: whether it may take the place of a file.
        seed: where random numbers start.
    """

    budget: Budget
    seeds: int = SEEDS
    words: tuple[str, ...] = ()
    batch: int = USUAL
    output: str | None = None
    force: bool = False
    seed: int = 0


@scopes_closed()
def treat(
    question: Question,
    order: Order,
    *,
    report: Report | None = None,
    subject: Subject | None = None,
    tell: Callable[[str], None] | None = None,
    started: float | None = None,
) -> TrialResult:
    """Diagnose and try.

    Args:
        question: the model and its data, a file that can be read again.
        order: how to try.
        report: the diagnosis, where it has been made already.
        subject: the model and its data, where they have been opened already.
        tell: shows what is being done.
        started: when the command did, on the clock of ``time.monotonic``.

    Raises:
        InputError: the model or the data cannot be used.
    """
    say = tell or (lambda _: None)
    started = time.monotonic() if started is None else started
    writable(order, question)
    begun = time.perf_counter()
    subject = opened(question) if subject is None else subject
    if report is None:
        say("diagnosing")
        report = diagnose(question, subject=subject)
    network, rows = subject.network, rows_of(subject, report, order.seed)
    known = rows.some(_first(rows.count))
    case = Case(network, report, known.features, known.targets)
    choice = choose(case, order.words)
    say("starting Keras")
    backend = str(keras().backend.backend())
    if backend in UNABLE:
        raise UsageError(f"KERAS_BACKEND is {backend}, on which Keras cannot train; unset it, or set it to tensorflow")
    ready = time.perf_counter()
    meter = Meter.of(order.budget, started)
    seeds = tuple(range(order.seed, order.seed + order.seeds))
    code = custom_objects(question.custom_objects)
    if subject.live is not None:
        code = {**code, **own_objects(subject.live)}
    spec = load(network, code, subject.live)
    pace = Pace(order.budget, meter, rows.count, min(order.batch, rows.count), len(seeds))
    experiment = Experiment(case, spec, VariantBuilder(rows, seeds, code), pace, backend, say)
    plan = Plan(experiment)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Keras warns of is what the report is about
        plan.carry_out(choice)
        result = summarised(plan)
    written = None
    if order.output is not None:
        written = keep(plan, Path(order.output), result, os.replace if order.force else unless_there)
    seconds = {"prepare": ready - begun, "trials": time.perf_counter() - ready}
    return legible_parts(dataclasses.replace(result, written=written, seconds=seconds))


def writable(order: Order, question: Question) -> None:
    """Stop before the work begins where the cured model would have nowhere to go, or take the place of what is read.

    Raises:
        UsageError: it would.
    """
    if order.output is None:
        return
    file = Path(order.output)
    if file.suffix != ".keras":
        raise UsageError(f"{OPTION} {file}: a model is written as .keras, so give a name that ends in it")
    require_place(file, f"{OPTION} {file}")
    keep_apart([(f"{OPTION} {file}", order.output)], files_read(question))
    if file.exists() and not order.force:
        raise UsageError(f"{OPTION} {file}: it exists already; give --force to replace it")


def rows_of(subject: Subject, report: Report, seed: int) -> Rows:
    """The rows to train on.

    Raises:
        UsageError: there are none.
    """
    if subject.dataset is None or report.data is None:
        raise UsageError("treat trains the model, so it needs data: mlpdoctor treat MODEL DATA")
    if report.data.rows_used == 0:
        raise UsageError(f"{report.data.path}: no row is complete, so that there is nothing to train on")
    return draw(subject.dataset, report.data.rows_used, seed)


def _first(count: int) -> npt.NDArray[np.intp]:
    """Rows spread over all of them, the first and the last among them."""
    return np.arange(count) if count <= KNOWN_ROWS else np.linspace(0, count - 1, KNOWN_ROWS).astype(np.intp)


def summarised(plan: Plan) -> TrialResult:
    """What the trials come to."""
    experiment = plan.experiment
    control, best = experiment.control, None if plan.best is None else plan.best.trial
    group = control.group if isinstance(control, Runs) else RunGroup((math.nan,) * len(experiment.seeds))
    before = math.nan if experiment.before is None else experiment.before
    result = TrialResult(
        report=update_report(experiment.case.report, tuple(one.trial for one in plan.tried)),
        protocol=experiment.protocol,
        judged_by=experiment.scale.loss,
        before=before,
        control=group,
        trials=in_order(tuple(one.trial for one in plan.tried)),
        combinations=in_order(tuple(one.trial for one in plan.combined)),
        best=best,
        fresh=plan.fresh,
        memory=plan.memory,
        train_on=_gains(before, group, experiment),
        nothing_to_gain=best is None and experiment.scale.at_the_end(RunGroup((before,))),
        untried=tuple(dict.fromkeys(plan.untried)),
        interrupted=plan.interrupted,
    )
    return dataclasses.replace(result, verdict=conclusion(result))


def _gains(before: float, control: RunGroup, experiment: Experiment) -> bool:
    """Whether training on, with nothing changed, takes away a clear part of what there is to gain."""
    least, _ = experiment.scale.of(experiment.scale.loss, control)
    if not math.isfinite(control.high) or experiment.scale.at_the_end(RunGroup((before,))):
        return False
    if experiment.scale.ladder is None or isinstance(experiment.control, str) or blind(experiment.control.variant):
        return False
    return not before - control.high < CLEAR * (before - least) and before > control.high


def keep(plan: Plan, file: Path, result: TrialResult, put: Put) -> str | None:
    """Write the best model there is, trained and compiled; nothing where nothing was confirmed."""
    best = plan.best
    runs = best.runs if best is not None else plan.experiment.control if result.train_on else None
    if not isinstance(runs, Runs):
        return None
    model = build(runs.variant.spec, plan.experiment.builder.code)
    trainee, place = Trainee(model, runs.variant.trainee.table), runs.places[runs.best]
    if best is not None and best.decays:  # its rate has run out; who trains on begins with a new one
        place = dataclasses.replace(place, state=trainee.start.state)
    trainee.put(place)
    write(model, file, put)
    return str(file)


def confirmed(
    report: Report, question: Question, subject: Subject, budget: Budget, tell: Callable[[str], None] | None = None
) -> tuple[Report, str | None]:
    """The report with its first finding tried, and why that could not be done where it could not.

    Raises:
        InputError: the model cannot be trained.
    """
    first = next((f for f in report.findings if f.suppressed is None and f.severity is not Severity.NOTE), None)
    if first is None:
        return report, "there is no error and no warning to try anything for"
    if report.data is None:
        return report, "a trial trains the model, so it needs data"
    result = treat(
        question, Order(budget, SEEDS, (first.code,), seed=question.seed), report=report, subject=subject, tell=tell
    )
    if result.interrupted:
        raise KeyboardInterrupt
    if not result.trials:
        why = next((why for _, why in result.untried), "nothing can be changed for it by itself")
        return report, f"nothing was tried for {first.code} {first.name}: {why}"
    return result.report, result.protocol.stopped or None
