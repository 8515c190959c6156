"""``mlpdoctor.treat``: the remedies tried by training, with and without them."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlpdoctor.api.given import Given, Names, names, path_of
from mlpdoctor.api.opening import subject_of, untouched
from mlpdoctor.api.report import Report, form_named
from mlpdoctor.core.errors import UsageError
from mlpdoctor.core.trial_result import TrialResult
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question
from mlpdoctor.readers.models.live_keras import is_keras, is_keras_3
from mlpdoctor.report.html.extra import installed


class Treatment:
    """What trials come to: whether a change cured the model, and the model it left."""

    def __init__(self, result: TrialResult, model: Any) -> None:  # noqa: ANN401  Keras ships no types
        """Args: result: of the trials; model: the cured one, or None."""
        self._result = result
        self.model = model
        """The cured model, trained and compiled; None where nothing was confirmed."""

    @property
    def verdict(self) -> str:
        """What it comes to, in a sentence or two."""
        return self._result.verdict

    @property
    def cured(self) -> bool:
        """Whether something was confirmed: a change, or training on as it is."""
        return self._result.cured

    @property
    def fix(self) -> str | None:
        """The lines of code of the change to make; None where none was confirmed."""
        return None if self._result.best is None else "\n".join(self._result.best.code)

    @property
    def report(self) -> Report:
        """The diagnosis, with what the trials say of its findings."""
        return Report(self._result.report)

    def to_dict(self) -> dict[str, Any]:
        """The JSON of ``mlpdoctor treat`` as Python values."""
        import json

        whole: dict[str, Any] = json.loads(self.to_json())
        return whole

    def to_json(self) -> str:
        """The JSON of ``mlpdoctor treat``, as text."""
        from mlpdoctor.report.json.report import render_trials

        return render_trials(self._result)

    def save(self, path: Any) -> None:  # noqa: ANN401  whatever a path may be
        """Write what was tried as a page, JSON, Markdown or text, as the suffix names it.

        Args:
            path: ends in ``.html``, ``.json``, ``.md`` or ``.txt``.

        Raises:
            InputError: nothing of trials is written with that suffix, or the file cannot be written.
        """
        from mlpdoctor.cli.results import ENDINGS, FORMS, written_trials
        from mlpdoctor.core.whole_file import write_text

        form = form_named(path)
        if form not in FORMS:
            raise UsageError(f"save {path}: trials are written as {ENDINGS}")
        write_text(written_trials(form, self._result), Path(path), f"save {path}")

    def __str__(self) -> str:
        """What the terminal shows, without colours."""
        from mlpdoctor.cli.results import written_trials

        return written_trials("terminal", self._result).strip("\n")

    def __repr__(self) -> str:
        """The same, so that a Python prompt shows it."""
        return str(self)


def treat(
    model: Any,  # noqa: ANN401  Keras ships no types
    x: Any,  # noqa: ANN401  any library's
    y: Any = None,  # noqa: ANN401
    *,
    budget: str = "60s",
    rules: Names = (),
    seeds: int = 3,
    batch_size: int = 32,
    loss: Any = None,  # noqa: ANN401
    sample_weight: Any = None,  # noqa: ANN401
    class_weight: Mapping[int, float] | None = None,
    preprocess: Any = None,  # noqa: ANN401
    target: Names | None = None,
    features: Names | None = None,
    drop: Names = (),
    seed: int = 0,
    custom_objects: str | None = None,
) -> Treatment:
    """Try the remedies that the report names: train copies of the model with and without each.

    Your model is not changed. It needs Keras.

    Args:
        model: a compiled Keras 3 model (or give ``loss``), or the path of a saved one.
        x: features, as `check` takes them.
        y: targets, as `check` takes them.
        budget: how long it may take: ``"60s"``, ``"5m"``, or ``"200 epochs"`` for each run.
        rules: rules or treatments to try; those that the report calls for where none is given.
        seeds: runs of each side, 1 or more.
        batch_size: rows of an update.
        loss: as `check` takes it.
        sample_weight: as `check` takes it.
        class_weight: as `check` takes it.
        preprocess: as `check` takes it.
        target: the target columns, where ``x`` is a file or a frame that holds them.
        features: its feature columns, in the model's order.
        drop: its columns to leave out.
        seed: where random numbers start.
        custom_objects: a Python file with the layers of a saved model, which is run.

    Raises:
        InputError: the model or the data cannot be used, or Keras is not installed.
    """
    from mlpdoctor.treat.trials.budget import Budget
    from mlpdoctor.treat.trials.run_treat import Order
    from mlpdoctor.treat.trials.run_treat import treat as tried

    if path_of(model) is None and not is_keras_3(model):
        saved = "; of tf_keras give the path of a saved one, model.save('model.h5')" if is_keras(model) else ""
        raise UsageError(
            f"treat trains models of Keras 3{saved}; mlpdoctor.check(model, x, y) names the line to change"
        )
    if x is None:
        raise UsageError("treat trains the model, so it needs data: mlpdoctor.treat(model, x, y)")
    if seeds < 1 or batch_size < 1:
        raise UsageError(f"seeds={seeds}, batch_size={batch_size}: expected 1 or more")
    question = Question(
        target=names(target),
        features=names(features),
        drop=names(drop) or (),
        seed=seed,
        custom_objects=custom_objects,
    )
    given = Given(model, x, y, question, loss, None, sample_weight, class_weight, preprocess)
    with untouched(), tempfile.TemporaryDirectory(prefix="mlpdoctor-") as folder:
        asked, subject = subject_of(given)
        file = Path(folder, "cured.keras")
        order = Order(Budget.read(budget), seeds, names(rules) or (), batch_size, str(file), seed=seed)
        report = diagnose(asked, subject=subject, pictures=installed())
        result = tried(asked, order, report=report, subject=subject)
        return Treatment(_unwritten(result), _loaded(file, asked.custom_objects, subject.live))


def _unwritten(result: TrialResult) -> TrialResult:
    """The result without the file that is gone by the time anybody reads of it."""
    from dataclasses import replace

    return replace(result, written=None)


def _loaded(file: Path, custom: str | None, live: object) -> Any:  # noqa: ANN401
    if not file.exists():
        return None
    from mlpdoctor.engine.keras_load import own_objects
    from mlpdoctor.engine.keras_start import keras
    from mlpdoctor.engine.user_code import custom_objects

    code = {**custom_objects(custom), **(own_objects(live) if live is not None else {})}
    return keras().saving.load_model(file, custom_objects=code)
