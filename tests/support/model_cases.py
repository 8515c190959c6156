"""The clinic: real Keras models saved to real files, the report on them, and questions to ask of a report."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import keras
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from mlpdoctor.core.finding import Finding, Severity
from mlpdoctor.core.report_model import Outcome, Report, Status
from mlpdoctor.diagnosis.diagnose import Question, diagnose

Model: TypeAlias = Any
"""A Keras model or layer; Keras ships no types."""
Table: TypeAlias = npt.NDArray[Any]

L = keras.layers


def stack(features: int, *layers: Model) -> Model:
    """A sequential model on so many features."""
    return keras.Sequential([keras.Input((features,)), *layers])


def compiled(model: Model, loss: Model = "mse", updates: int = 1000, **options: Any) -> Model:  # noqa: ANN401
    """The model as if it had made so many updates with Adam: its weights stay what they are."""
    model.compile(optimizer=options.pop("optimizer", "adam"), loss=loss, **options)
    model.optimizer.build(model.trainable_variables)
    model.optimizer.iterations.assign(updates)
    for slot in model.optimizer.variables:
        if "momentum" in slot.path or "velocity" in slot.path:
            slot.assign(np.full(slot.shape, 1e-6, np.float32))  # every weight has had a gradient
    return model


def put(layer: Model, *weights: npt.ArrayLike) -> None:
    """Set a layer's weights: kernel and bias of a Dense."""
    layer.set_weights([np.asarray(weight, dtype=np.float32) for weight in weights])


def train(
    model: Model, x: Table, y: Table | Sequence[Table], epochs: int, batch: int = 64, rate: float = 0.01
) -> Model:
    """Fit with the optimizer the model has, the rate falling to a hundredth along a cosine.

    All epochs are one to Keras, over rows shuffled beforehand, for an epoch costs it more than a dozen small steps.
    """
    rng = np.random.default_rng(len(x))
    order = np.concatenate([rng.permutation(len(x)) for _ in range(epochs)])
    targets = [part.astype(np.float32)[order] for part in ([y] if isinstance(y, np.ndarray) else y)]
    steps = -(-len(order) // batch)
    model.optimizer.learning_rate = keras.optimizers.schedules.CosineDecay(rate, steps, alpha=0.01)
    model.fit(
        x.astype(np.float32)[order],
        targets if len(targets) > 1 else targets[0],
        batch_size=batch,
        shuffle=False,
        verbose=0,
    )
    return model


def columns(x: Table, y: Table) -> tuple[list[str], Table]:
    """Names ``x1, x2, ..., y`` (``x`` or ``y`` where there is one alone) and the table beside them."""
    blocks = {name: np.asarray(part, dtype=np.float64).reshape(len(part), -1) for name, part in (("x", x), ("y", y))}
    called = [f"{name}{k + 1}" if b.shape[1] > 1 else name for name, b in blocks.items() for k in range(b.shape[1])]
    return called, np.concatenate(list(blocks.values()), axis=1)


def save_data(path: Path, x: Table, y: Table, *, header: bool = True) -> str:
    """Write the data in the format that the suffix names, every float64 to its last digit."""
    names, table = columns(x, y)
    if path.suffix == ".npz":
        np.savez(path, x=x, y=y)
    elif path.suffix == ".parquet":
        pq.write_table(pa.table(dict(zip(names, table.T, strict=True))), path)
    else:
        np.savetxt(path, table, fmt="%.17g", delimiter=",", header=",".join(names) if header else "", comments="")
    return str(path)


def examined(
    folder: Path,
    model: Model,
    x: Table | None = None,
    y: Table | None = None,
    *,
    form: str = "keras",
    data: str = "npz",
    header: bool = True,
    loss: str | None = None,
    history: tuple[str, ...] = (),
    plateau: str | None = None,
) -> Report:
    """Save the model and the data, and have the files diagnosed as the command line does."""
    model.save(path := folder / f"model.{form}")
    table = None if x is None or y is None else save_data(folder / f"data.{data}", x, y, header=header)
    return diagnose(Question(str(path), table, loss=loss, history=history, plateau=plateau))


def found(report: Report, code: str) -> list[Finding]:
    """Every finding of a rule, in the order of the report."""
    return [finding for finding in report.findings if finding.code == code]


def only(report: Report, code: str) -> Finding:
    """The one finding of a rule; there must be one and no more."""
    findings = found(report, code)
    assert len(findings) == 1, (code, told(report))
    return findings[0]


def outcome(report: Report, code: str) -> Outcome:
    """How a rule ended."""
    (one,) = (outcome for outcome in report.outcomes if outcome.code == code)
    return one


def quiet(report: Report, code: str) -> bool:
    """Whether a rule looked and found nothing, or had nothing to look at; a skipped or crashed rule is not quiet."""
    return outcome(report, code).status in {Status.PASSED, Status.NOT_APPLICABLE}


def alarms(report: Report) -> list[str]:
    """Errors, warnings and crashes, in words."""
    crashed = [f"{o.code} crashed: {o.reason}" for o in report.outcomes if o.status is Status.CRASHED]
    return crashed + [told_one(f) for f in report.findings if f.severity is not Severity.NOTE]


def told(report: Report) -> list[str]:
    """All findings in words, for the message of a failed test."""
    return [report.verdict, *(told_one(finding) for finding in report.findings)]


def told_one(finding: Finding) -> str:
    """One finding in words."""
    return f"{finding.severity} {finding.code} {finding.layer or ''}: {finding.message}"


def rungs(report: Report) -> Mapping[str, float]:
    """The values of the ladder by name."""
    assert report.ladder is not None, report.no_ladder
    return {rung.name: rung.value for rung in report.ladder.rungs}


def number(finding: Finding, name: str) -> float:
    """A number of the evidence."""
    value = finding.evidence.numbers[name]
    assert isinstance(value, int | float), (name, value)
    return value


def names(finding: Finding, name: str) -> Sequence[Any]:
    """A tuple of the evidence."""
    value = finding.evidence.numbers[name]
    assert isinstance(value, tuple), (name, value)
    return value


def predicted(model: Model, x: Table) -> Table:
    """What Keras answers, float64, all outputs side by side."""
    answers = model(np.asarray(x, dtype=np.float32), training=False)
    parts = answers if isinstance(answers, list | tuple) else [answers]
    return np.concatenate([np.asarray(part, dtype=np.float64).reshape(len(x), -1) for part in parts], axis=1)


def inside(model: Model, layer: str, x: Table) -> Table:
    """What one layer of a Keras model puts out."""
    inputs = model.inputs[0] if len(model.inputs) == 1 else model.inputs
    return predicted(keras.Model(inputs, model.get_layer(layer).output), x)


def least_squares(x: Table, y: Table) -> float:
    """The least mean squared error of an affine function: a plain solve beside mlpdoctor's own machinery."""
    _, table = columns(x, y)
    width = np.asarray(x).reshape(len(x), -1).shape[1]
    design = np.column_stack([np.ones(len(table)), table[:, :width]])
    solution = np.linalg.lstsq(design, table[:, width:], rcond=None)[0]
    return float(np.square(table[:, width:] - design @ solution).mean())


def waves(rows: int, width: int, seed: int, noise: float = 0.05) -> tuple[Table, Table]:
    """Inputs between -1 and 1 with a smooth target that no line follows, though it has a linear part."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (rows, width))
    y = np.sin(3 * x[:, 0]) + np.square(x[:, -1]) + 0.5 * x.sum(axis=1) / width + noise * rng.normal(size=rows)
    return x, y[:, None]
