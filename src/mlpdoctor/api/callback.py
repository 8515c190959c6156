"""``mlpdoctor.Callback``: the loss is held against what it could be while ``fit`` runs."""

import importlib
import math
from typing import Any

from mlpdoctor.api.check import check
from mlpdoctor.api.given import Given
from mlpdoctor.api.opening import subject_of, untouched
from mlpdoctor.api.report import Report, form_named
from mlpdoctor.cli.output import say
from mlpdoctor.core.check import Absent
from mlpdoctor.core.errors import InputError, UsageError
from mlpdoctor.core.history import LOSS
from mlpdoctor.core.ladder import ON_A_RUNG, Ladder
from mlpdoctor.core.text import short
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question
from mlpdoctor.facts.history.curve_plateau import CurvePlateau, Source, curve_plateau
from mlpdoctor.facts.history.training_curve import training_curve
from mlpdoctor.readers.histories.live_history import read_live_history

WARN, STOP, IGNORE = ANSWERS = ("warn", "stop", "ignore")
FEWEST = 20
"""Epochs before the first look: with fewer nothing tells a plateau from a slow start."""
GROWTH = 1.25
"""Each look comes after so many times the epochs of the one before: thirty looks on ten thousand epochs."""
TOLD = ("constant", "affine", "architecture", "data")
"""Rungs that are known before training begins."""
STANDS = (Source.CURVE, Source.REACHED)
"""A curve that only heads for a plateau is not stuck yet."""


def _callback_of_keras() -> Any:  # noqa: ANN401  Keras ships no types
    """The class that callbacks derive from; whoever calls ``fit`` has Keras loaded."""
    try:
        return importlib.import_module("keras").callbacks.Callback
    except ImportError as fault:
        raise InputError(f"mlpdoctor.Callback is for Keras 3, which cannot be imported: {fault}") from fault


class Callback(_callback_of_keras()):  # type: ignore[misc]
    """Says before the first epoch what the loss could be, and as soon as it is stuck why.

    It works between epochs only, and looks at the loss that Keras logs. When that stands still, or is no longer a
    number, the model is checked; where an error keeps it there, the verdict is said once. The check at the end is in
    ``report``, with the history.
    """

    def __init__(
        self,
        x: Any,  # noqa: ANN401  any library's
        y: Any = None,  # noqa: ANN401
        *,
        on_stuck: str = WARN,
        check_every: int | None = None,
        report: Any = None,  # noqa: ANN401  whatever a path may be
        **options: Any,  # noqa: ANN401
    ) -> None:
        """Hold the data that the model is trained on.

        Args:
            x: features, as `mlpdoctor.check` takes them.
            y: targets, as `mlpdoctor.check` takes them.
            on_stuck: ``"warn"`` says the verdict, ``"stop"`` also stops training, ``"ignore"`` says nothing.
            check_every: epochs between two looks at the curve; more and more of them where it is not given.
            report: where the report goes at the end: ``"report.json"``, or another suffix of ``Report.save``.
            **options: as `mlpdoctor.check` takes them: ``sample_weight``, ``class_weight``, ``preprocess``, ...

        Raises:
            InputError: an option means nothing.
        """
        super().__init__()
        if on_stuck not in ANSWERS:
            raise UsageError(f"on_stuck={on_stuck!r}: expected {', '.join(map(repr, ANSWERS[:-1]))} or {ANSWERS[-1]!r}")
        if check_every is not None and check_every < 1:
            raise UsageError(f"check_every={check_every}: expected 1 epoch or more")
        if report is not None:
            form_named(report)
        self.report: Report | None = None
        """The report of the last training; None before its end."""
        self.verdict: str | None = None
        """Why the loss was stuck, as it was said during training; None where it was not."""
        self._x, self._y, self._options = x, y, options
        self._on_stuck, self._every, self._file = on_stuck, check_every, report
        self._logged: dict[str, list[float]] = {}
        self._next, self._cleared = 0, math.nan

    def on_train_begin(self, logs: Any = None) -> None:  # noqa: ANN401, ARG002  as Keras calls it
        """Say what the loss could be."""
        self._begin()
        ladder = self._floors()
        if ladder is not None and self._on_stuck != IGNORE:
            known = [rung for name in TOLD if (rung := ladder.rung(name)) is not None]
            say(f"{ladder.loss}: {'; '.join(f'{rung.label} {short(rung.value)}' for rung in known)}")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ANN401
        """Note what was logged, and look at it now and then."""
        for name, value in (logs or {}).items():
            self._logged.setdefault(str(name), []).append(float(value))
        losses = self._logged.get(LOSS)
        if losses is None or self.verdict is not None:
            return
        if not math.isfinite(losses[-1]):
            self._stuck(epoch, self._checked())
        elif len(losses) >= self._next:
            self._next = len(losses) + self._every if self._every else math.ceil(len(losses) * GROWTH)
            self._look(epoch)

    def on_train_end(self, logs: Any = None) -> None:  # noqa: ANN401, ARG002
        """Make the report, with the history."""
        self.report = self._checked()
        if self.report is None:
            return
        if self._on_stuck != IGNORE and self.verdict is None:
            say(self.report.verdict)
        if self._file is not None:
            self.report.save(self._file)

    def _begin(self) -> None:
        """Training starts: nothing is known of it."""
        self._logged, self._next, self._cleared = {}, self._every or FEWEST, math.nan
        self.verdict, self.report = None, None

    def _floors(self) -> Ladder | None:
        """The ladder before training; None where there is none."""
        loss, preprocess = self._options.get("loss"), self._options.get("preprocess")
        weights = self._options.get("sample_weight"), self._options.get("class_weight")
        given = Given(self.model, self._x, self._y, Question(quick=True), loss, None, *weights, preprocess)
        with untouched():
            question, subject = subject_of(given)
            return diagnose(question, checks=(), subject=subject).ladder

    def _look(self, epoch: int) -> None:
        """Whether the loss stands still, and whether something keeps it there."""
        plateau = _plateau(self._logged)
        if plateau is None or plateau.source not in STANDS:
            return
        level = plateau.level.value
        if abs(level - self._cleared) <= ON_A_RUNG * abs(self._cleared):
            return
        report = self._checked()
        if report is not None and report.errors:
            self._stuck(epoch, report)
        else:
            self._cleared = level  # it stands still because it is done

    def _stuck(self, epoch: int, report: Report | None) -> None:
        """Say the verdict, once, and stop where that was asked for."""
        self.verdict = "The loss is no number." if report is None else report.verdict
        stops = self._on_stuck == STOP
        if self._on_stuck != IGNORE:
            say(f"epoch {epoch + 1}: {self.verdict}{' Training is stopped.' if stops else ''}")
        if stops:
            self.model.stop_training = True

    def _checked(self) -> Report | None:
        """The report on the model as it is; None, and a line, where there is none: no training ends for that."""
        history = self._logged if self._logged.get(LOSS) else None
        try:
            return check(self.model, self._x, self._y, history=history, **self._options)
        except Exception as fault:  # noqa: BLE001  hours of training are worth more than a report
            say(f"the model cannot be checked: {type(fault).__name__}: {fault}; training is not touched by that")
            return None


def _plateau(logged: dict[str, list[float]]) -> CurvePlateau | None:
    """Where the logged loss stands still, as the report would say it; None where it does not."""
    history = read_live_history({LOSS: logged[LOSS]})
    curve = training_curve.function(history)
    if isinstance(curve, Absent):
        return None
    found = curve_plateau.function(history, curve, None)
    return None if isinstance(found, Absent) else found
