"""Measures how often ``mlpdoctor treat`` cures, and how often it calls a change a cure that is none.

    python tests/measure/cures.py [--rules A101,O] [--per-rule 2] [--budget 12s] [--seeds 2] [--first-seed 0] [-v]

Patients are those of ``recall.py``. Beside each a healthy twin is trained on the same rows: two layers of 48 relu units
on standardised inputs, with the head and the loss that the targets ask for. A patient is cured when the model that
``treat`` would write makes no more mistakes than its twin and a tenth, or is on the data rung; the noise rung, which is
an estimate, and nine tenths of the way from the patient to its twin are told beside it. A cure is wrong when the
written model does worse than the patient trained on with nothing changed, on the rows in the file, by the measure of
the trial or by the twin's.
"""

import argparse
import math
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from cases.build import CACHE, Built, build, job
from cases.load import load
from cases.registry import PATIENTS

from mlpdoctor.core.errors import InputError
from mlpdoctor.core.report_model import Report
from mlpdoctor.core.trial_result import TrialResult
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question
from mlpdoctor.diagnosis.subject import opened
from mlpdoctor.engine.keras_start import keras
from mlpdoctor.treat.trials.budget import Budget
from mlpdoctor.treat.trials.fit import Trainee
from mlpdoctor.treat.trials.rows import Batches, Rows, Table
from mlpdoctor.treat.trials.run_treat import Order, rows_of, treat

TREATED = (
    "A101 A102 A103 A104 A105 A107 D702 D703 D713 D714 G601 G602 G603 G604 G605 G606 G607 G608 L501 L502 L504 L505 "
    "L506 O201 O202 O203 O204 O205 O206 O207 U401 U402 U403 U404 U405 W301 W302 W303 W305 W306 W307 W308"
)
"""Rules whose patients something can be done for by training."""
CLOSE = 0.1
MOST_CLASSES = 20
WIDTH, UPDATES, BATCH, RATE = 48, 1500, 64, 0.005
REGRESSION, BINARY, CLASSES, LABELS = "regression", "binary", "classes", "labels"

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Seen:
    """What became of one patient.

    Attributes:
        built: the case.
        state: ``cured``, ``on the noise``, ``better``, ``not cured``, ``well already``, ``failed``.
        wrong: whether what was written is worse than training on.
        near: whether the cure went nine tenths of the way to the twin.
        words: the numbers.
    """

    built: Built
    state: str
    wrong: bool = False
    near: bool = False
    words: str = ""
    seconds: float = 0.0


def main() -> None:
    """Build, treat, count."""
    options = _options()
    load()
    codes = [code for code in TREATED.split() if code in PATIENTS]
    codes = [code for code in codes if not options.rules or any(code.startswith(part) for part in options.rules)]
    seeds = range(options.first_seed, options.first_seed + options.per_rule)
    jobs = [job(code, seed) for seed in seeds for code in codes]
    seen = []
    keras()  # starting it is no part of what is measured
    for one in build(jobs, CACHE, 1):
        if one.data is None or one.trouble:
            continue
        seen.append(_looked_at(one, options))
        if options.verbose or seen[-1].wrong:
            say(_line(seen[-1]))
    say("", *_table(seen))


def _looked_at(built: Built, options: argparse.Namespace) -> Seen:
    started = time.perf_counter()
    keras().backend.clear_session()
    try:
        seen = _treated(built, Budget.read(options.budget), options.seeds)
    except InputError as complaint:
        seen = Seen(built, "failed", words=str(complaint)[:150])
    except Exception as fault:  # noqa: BLE001  one fault must not hide what the others show
        seen = Seen(built, "CRASHED", words=f"{type(fault).__name__}: {fault}"[:150])
    return Seen(built, seen.state, seen.wrong, seen.near, seen.words, time.perf_counter() - started)


def _treated(built: Built, budget: Budget, seeds: int) -> Seen:
    question = Question(built.model, built.data, target=built.target)
    subject = opened(question)
    report = diagnose(question, subject=subject)
    rows = rows_of(subject, report, 0)
    task = task_of(rows.targets)
    twin = _twin(rows, task)
    before = measures(_answers(built.model, rows), rows.targets, task)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "cured.keras"
        result = treat(question, Order(budget, seeds, output=str(file)), report=report)
        after = measures(_answers(str(file), rows), rows.targets, task) if file.exists() else before
    return _judged(built, result, report, before, after, twin)


def _judged(built: Built, result: TrialResult, report: Report, before: "Score", after: "Score", twin: "Score") -> Seen:
    best = result.best
    told = f"{before} -> {after}, twin {twin}; " + ("" if best is None else " + ".join(best.names))
    told += f" ({result.protocol.updates} updates, {report.findings[0].code if report.findings else 'nothing'} first)"
    wrong = best is not None and math.isfinite(best.control.median) and best.treated.low > best.control.low
    rung = "" if best is None or best.rung is None else best.rung
    on_data = rung.startswith(("the least", "zero"))
    control_on = result.train_on and report.ladder is not None and best is None
    worse = after.mistakes > before.mistakes * (1 + CLOSE) + 0.01 and best is not None
    if before.within(twin) or result.nothing_to_gain:
        return Seen(built, "well already", wrong or worse, words=told)
    near = before.mistakes - after.mistakes >= (1 - CLOSE) * (before.mistakes - twin.mistakes)
    if after.within(twin) or on_data:
        return Seen(built, "cured", wrong, near, told)
    if rung in {"on the noise", "below the noise as estimated"}:
        return Seen(built, "on the noise", wrong or worse, near, told)
    if best is not None or control_on:
        return Seen(built, "better", wrong or worse, near, told)
    return Seen(built, "not cured", wrong, near, told)


@dataclass(frozen=True)
class Score:
    """How a model does on its rows: mistakes as a share of the best constant's, and for labels their surprise.

    Attributes:
        mistakes: squared errors, or wrong answers.
        constant: whether these are next to what a constant makes.
    """

    mistakes: float

    def within(self, other: "Score") -> bool:
        """Whether it is no more than a tenth above another, or above it by next to nothing."""
        return self.mistakes <= other.mistakes * (1 + CLOSE) + 0.005

    def __str__(self) -> str:
        """Three digits."""
        return f"{self.mistakes:.3g}"


def task_of(targets: Values) -> str:
    """What kind of targets these are, of shape (rows, columns)."""
    whole = bool((targets == np.round(targets)).all())
    distinct = len(np.unique(targets)) if whole else 0
    if targets.shape[1] > 1:
        shares = whole and distinct == 2 and bool((targets.sum(axis=1) == 1).all())
        return CLASSES if shares else LABELS if whole and distinct == 2 else REGRESSION
    if whole and distinct == 2:
        return BINARY
    return CLASSES if whole and 2 < distinct <= MOST_CLASSES else REGRESSION


def _numbers(targets: Values, task: str) -> Values:
    """The targets as they are compared: standard values, 0 and 1, or the number of the class."""
    if task == REGRESSION:
        return targets
    if task == CLASSES:
        single = np.unique(targets, return_inverse=True)[1].ravel()
        return np.asarray(targets.argmax(axis=1) if targets.shape[1] > 1 else single, dtype=np.float64)
    return np.asarray(targets > (targets.min() + targets.max()) / 2, dtype=np.float64)


def measures(answers: Values, targets: Values, task: str) -> Score:
    """The mistakes of answers of shape (rows, units) for targets of shape (rows, columns)."""
    true = _numbers(targets, task)
    if not np.isfinite(answers).all():
        return Score(math.inf)
    if task == REGRESSION:
        left = np.square(answers.reshape(true.shape) - true).sum() if answers.size == true.size else math.inf
        return Score(float(left / np.square(true - true.mean(axis=0)).sum()))
    if task == CLASSES:
        given = answers.argmax(axis=1) if answers.shape[1] > 1 else np.round(answers[:, 0])
        given = given - (1 if answers.shape[1] == len(np.unique(true)) + 1 else 0)
        return Score(float((given != true).mean() / (1 - np.bincount(true.astype(int)).max() / len(true))))
    if answers.shape[1] == 2 and true.shape[1] == 1:
        answers = answers[:, 1:] - answers[:, :1] + 0.5
    inside = answers.min() >= 0 and answers.max() <= 1
    wrong = ((answers > (0.5 if inside else 0.0)) != (true > 0.5)).mean()
    return Score(float(wrong / np.minimum(true.mean(axis=0), 1 - true.mean(axis=0)).mean()))


def _answers(file: str, rows: Rows) -> Values:
    """What a saved model answers, through mlpdoctor's own engine."""
    from mlpdoctor.engine.engine_choice import Following, follow
    from mlpdoctor.readers.models.model import read_network

    engine = follow(read_network(file), Following()).engine
    if engine is None:
        return np.full((rows.count, 1), math.nan)
    with np.errstate(all="ignore"):
        return np.concatenate([part.reshape(rows.count, -1) for part in engine.forward(rows.features)], axis=1)


def _twin(rows: Rows, task: str) -> Score:
    """A plain healthy network on the same rows, well trained."""
    k = keras()
    k.utils.set_random_seed(0)
    x = rows.features - rows.features.mean(axis=0)
    x = (x / np.where(x.std(axis=0) > 0, x.std(axis=0), 1)).astype(np.float32)
    true = _numbers(rows.targets, task)
    centre, spread = (true.mean(axis=0), true.std(axis=0)) if task == REGRESSION else (0.0, 1.0)
    y = np.asarray((true - centre) / np.where(spread == 0, 1, spread), dtype=np.float32).reshape(rows.count, -1)
    width = int(true.max()) + 1 if task == CLASSES else y.shape[1]
    end, loss = {
        REGRESSION: (None, "mse"),
        BINARY: ("sigmoid", "binary_crossentropy"),
        LABELS: ("sigmoid", "binary_crossentropy"),
        CLASSES: ("softmax", "sparse_categorical_crossentropy"),
    }[task]
    layers: list[Any] = [k.Input((x.shape[1],)), *(k.layers.Dense(WIDTH, "relu") for _ in range(2))]
    model = k.Sequential([*layers, k.layers.Dense(width, end)])
    model.compile(k.optimizers.Adam(RATE), loss)
    model.optimizer.build(model.trainable_variables)
    trainee = Trainee(model, Table([x], [y]))
    batches = Batches(rows.count, min(BATCH, rows.count), 0)
    for rate, share in ((1.0, 0.6), (0.3, 0.25), (0.1, 0.15)):
        model.optimizer.learning_rate.assign(RATE * rate)
        trainee.train(batches.take(int(UPDATES * share)))
    answers = trainee.answers()[0]
    return measures(answers * spread + centre if task == REGRESSION else answers, rows.targets, task)


def _line(seen: Seen) -> str:
    where = f"{seen.built.job.maker}-{seen.built.job.seed}"
    wrong = "WRONG CURE " if seen.wrong else ""
    return f"{where:10} {wrong}{seen.state:12} {seen.words} [{seen.built.words}] {seen.seconds:.0f} s"


def _table(seen: Sequence[Seen]) -> Iterator[str]:
    ill = [one for one in seen if one.state not in ("well already", "failed", "CRASHED")]
    cured = [one for one in ill if one.state == "cured"]
    noise = [one for one in ill if one.state in ("cured", "on the noise")]
    near = [one for one in ill if one.near or one.state == "cured"]
    better = [one for one in ill if one.state != "not cured"]
    yield f"{len(seen)} patients; {len(seen) - len(ill)} well already or not to be loaded; {len(ill)} ill"
    for what, part in (
        ("no more than a tenth above the twin, or on the data rung", cured),
        ("that, or on the noise as it was estimated", noise),
        ("no more than a tenth above the twin, or nine tenths of the way to it", near),
        ("clearly better", better),
    ):
        yield f"{what}: {len(part)} ({len(part) / max(len(ill), 1):.0%})"
    yield f"crashed: {sum(one.state == 'CRASHED' for one in seen)}"
    yield f"wrong cures: {sum(one.wrong for one in seen)}"
    for code in dict.fromkeys(one.built.job.maker for one in ill):
        own = [one for one in ill if one.built.job.maker == code]
        yield f"  {code}  {sum(one.state == 'cured' for one in own)} of {len(own)}"


def say(*lines: str) -> None:
    """Print."""
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rules", type=lambda text: text.split(","), default=[], help="codes or their beginnings")
    parser.add_argument("--per-rule", type=int, default=2)
    parser.add_argument("--budget", default="12s")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("-v", "--verbose", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
