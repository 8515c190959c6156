"""Measures how often the line of code that leads a report helps: put in as it stands, and trained as before.

    python tests/measure/fixes.py [--rules A101,O] [--per-rule 1] [--first-seed 0] [-v]

Patients are those of ``recall.py``. The line of the leading finding is applied to the saved model and its data, as a
reader would: a layer takes the place of the one of its name, a statement is run, data are transformed. Then both the
changed model and the saved one get the same number of updates on the same batches: as many as the file says were made,
within bounds. Both are judged by the loss that the file names, without penalties; where the line changes the loss or
the targets, by their mistakes as in ``cures.py``, and where it is about a few wild rows, on the others. A line helps
when clearly less is left with it than without; it is no worse when about as much is left.
"""

import argparse
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import h5py
import numpy as np
from cases.build import CACHE, Built, build, job
from cases.load import load, maker_of
from cases.registry import PATIENTS
from cures import measures, say, task_of

from mlpdoctor.core.errors import InputError
from mlpdoctor.core.finding import Severity
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question
from mlpdoctor.diagnosis.subject import Subject, opened
from mlpdoctor.engine.keras_start import keras
from mlpdoctor.treat.trials.rows import Rows
from mlpdoctor.treat.trials.run_treat import rows_of

FEWEST, MOST = 1000, 3000
"""Updates that both models get: a network drawn anew has hardly begun after a few hundred."""
BATCH = 32
CLEARLY = 0.9
"""A line helps where nine tenths of the loss or of the mistakes are left, or less."""
LAYER = re.compile(r"""^(?:keras\.layers\.)?([A-Z]\w*)\((.*)\bname=(["'])([^"']+)\3\)$""")
WILD_ROWS, WILD = ("D709",), 0.05
"""Rules whose line turns away from a few rows, and how near the largest target these are, as a share of it."""
FRESH = re.compile(r"fresh weights|from scratch|re-initialise|at random")
"""Words that tell to begin with weights re-initialised."""
DATA = re.compile(r"^(x|y|x_train|y_train|df|df\[.*\]|columns) = ")
LIKEWISE = re.compile(r"#\s*likewise (.*)$")

Model = Any
"""Keras ships no types."""


@dataclass
class Hands:
    """What a line of code may change.

    Attributes:
        model: as loaded, compiled.
        x: features, shape (rows, features).
        y: targets, shape (rows,) or (rows, targets).
        names: of the feature and target columns.
        fresh: whether the weights are to be re-initialised.
    """

    model: Model
    x: np.ndarray
    y: np.ndarray
    names: tuple[Sequence[str], Sequence[str]]
    fresh: bool = False
    layers: dict[str, Model] = field(default_factory=dict)
    loss: Any = None
    front: Model = None

    def apply(self, code: str) -> None:
        """Take a finding's line, part by part.

        Raises:
            ValueError: a part is no line that a machine can apply.
        """
        alike = LIKEWISE.search(code.partition("\n")[0])
        parts = [re.sub(r"\s+#.*", "", part) for part in code.partition("\n")[0].split("; ")]
        data = [part for part in parts if DATA.match(part)]
        for part in parts:
            if part not in data:
                self._one(part)
        if data:
            self._data("; ".join(data))
        if alike is not None:
            (made,) = self.layers.values()
            for name in alike[1].split(", "):
                config = made.get_config() | {"name": name, "units": self.model.get_layer(name).units}
                self.layers[name] = made.__class__.from_config(config)

    def changed(self) -> Model:
        """The model with all of it in place, compiled."""
        k, model = keras(), self.model
        if not (self.layers or self.front or self.fresh or self.loss is not None):
            return model
        optimizer = k.optimizers.deserialize(k.optimizers.serialize(model.optimizer))
        loss = self.loss if self.loss is not None else model.loss

        def swap(layer: Model) -> Model:
            new = self.layers.get(layer.name)
            return layer.__class__.from_config(layer.get_config()) if new is None else new

        changed = k.models.clone_model(model, clone_function=swap)
        if self.front is not None:
            changed = k.Sequential([k.Input(model.input_shape[1:]), self.front, changed])
        if not (self.layers or self.fresh or self.front is not None):
            changed.set_weights(model.get_weights())
        changed.compile(optimizer, loss)
        return changed

    def _one(self, part: str) -> None:
        k = keras()
        made = LAYER.match(part)
        if made is not None:
            self.layers[made[4]] = getattr(k.layers, made[1])(**_options(made[1], made[2]), name=made[4])
        elif part.startswith("keras.layers.Normalization("):
            self.front = eval(part, {"keras": k})  # noqa: S307  mlpdoctor's own line
        elif part.startswith("loss="):
            self.loss = eval(part.removeprefix("loss="), {"keras": k})  # noqa: S307
        elif part.startswith("model.fit(") or part == "keras.utils.set_random_seed(1)":
            return
        elif part == "model = keras.models.clone_model(model)":
            self.fresh = True
        elif part.startswith(("model.", "for layer in ")):
            exec(part, {"keras": k, "model": self.model, "optimizer": self.model.optimizer, "x_train": self.x})  # noqa: S102
        else:
            raise ValueError(part)

    def _data(self, part: str) -> None:
        import pandas as pd  # type: ignore[import-untyped]
        import sklearn.decomposition

        features, targets = self.names
        columns = np.column_stack([self.x, self.y.reshape(len(self.x), -1)])
        df = pd.DataFrame(columns, columns=[*features, *targets])
        here: dict[str, Any] = {"df": df.copy(), "np": np, "sklearn": sklearn, "keras": keras()}
        here |= {"x": self.x, "x_train": self.x, "y": self.y, "y_train": self.y}
        exec(part, here)  # noqa: S102
        if part.startswith(("df", "columns")):
            left = here["df"]
            if list(left.columns) != list(df.columns):
                raise ValueError("other columns ask for another network")
            self.x, self.y = left[list(features)].to_numpy(), left[list(targets)].to_numpy()
            if left.equals(df.loc[left.index]):  # rows are gone, and what is left is what it was
                return
        else:
            name = part.split(" ", 1)[0]
            if name.startswith("x"):
                self.x = np.asarray(here[name])
            else:
                self.y = np.asarray(here[name])
        self.fresh = True


def _options(kind: str, written: str) -> dict[str, Any]:
    """The options of a layer as written; the first, without a name, is its units, rate or function."""
    place: dict[str, Any] = {"given": (), "named": {}}
    line = f"def take(*given, **named): place.update(given=given, named=named)\ntake({written})"
    exec(line, {"place": place, "keras": keras()})  # noqa: S102
    first = {"Dropout": ["rate"], "Activation": ["activation"]}.get(kind, ["units", "activation"])
    found: dict[str, Any] = dict(zip(first, place["given"], strict=False))
    return {**found, **place["named"]}


@dataclass(frozen=True)
class Tried:
    """What became of a line."""

    code: str
    state: str
    words: str = ""


def main() -> None:
    """Build, apply, train, count."""
    options = _arguments()
    load()
    codes = [code for code in sorted(PATIENTS) if not options.rules or any(map(code.startswith, options.rules))]
    jobs = [
        job(code, seed) for code in codes for seed in range(options.first_seed, options.first_seed + options.number)
    ]
    seen = []
    for built in build(jobs, CACHE, 1):
        older = built.job.keras == 2  # Keras 3 reads its own files
        if built.data is None or built.trouble or older or maker_of(built.job.maker).split:
            continue
        seen.append(tried(built))
        if options.verbose or seen[-1].state == "WORSE":
            say(f"{built.job.maker}-{built.job.seed}: {seen[-1].code} {seen[-1].state} {seen[-1].words}")
    say("", *table(seen))


def tried(built: Built) -> Tried:
    """Apply the leading line of one patient's report."""
    question = Question(built.model, built.data, target=built.target)
    try:
        subject = opened(question)
        report = diagnose(question, subject=subject)
        lead = next((one for one in report.findings if one.severity is not Severity.NOTE), None)
        remedy = None if lead is None else lead.evidence.remedy
        if lead is None or remedy is None or remedy.code is None:
            return Tried("-" if lead is None else lead.code, "no line")
        rows = rows_of(subject, report, 0)
        dataset = subject.dataset
        names = ([], []) if dataset is None else (dataset.feature_names, dataset.target_names)
        y = rows.targets[:, 0] if rows.targets.shape[1] == 1 else rows.targets
        keras().utils.set_random_seed(built.job.seed)
        model = _loaded(built.model)
        hands = Hands(model, rows.features, y, names, fresh=_from_fresh(remedy.text))
        try:
            hands.apply(remedy.code)
            changed = hands.changed()
        except (ValueError, KeyError, TypeError) as trouble:
            return Tried(lead.code, "not mechanical", f"{remedy.code[:80]}: {trouble}"[:160])
    except InputError as trouble:
        return Tried("-", "refused", str(trouble)[:100])
    made = None if subject.network.optimizer is None else subject.network.optimizer.iterations
    updates = int(np.clip(made or 0, FEWEST, MOST))
    # Who is told to train on is compared with who stops.
    more = 0 if remedy.code.startswith("model.fit(") else updates
    untouched = _loaded(built.model)
    _train(untouched, *_as_they_are(subject, rows), more)
    _train(changed, hands.x, hands.y, updates)
    others = np.ones(len(rows.features), dtype=bool)
    if lead.code in WILD_ROWS:
        others = np.abs(rows.targets - np.median(rows.targets)).max(axis=1) < WILD * np.abs(rows.targets).max()
    kept = others if len(hands.x) == len(others) else np.ones(len(hands.x), dtype=bool)
    with_line, without = _answers(changed, hands.x[kept]), _answers(untouched, rows.features[others])
    targets, own = rows.targets[others], hands.y.reshape(len(hands.y), -1)[kept]
    if hands.loss is None and np.array_equal(own, targets) and lead.code not in WILD_ROWS:
        by, pair = "loss", [_loss(untouched, targets, answers) for answers in (with_line, without)]
    else:
        by = "mistakes"
        pair = [measures(with_line, own, task_of(own)).mistakes, measures(without, targets, task_of(targets)).mistakes]
    return Tried(lead.code, _state(*pair), f"{by} {pair[1]:.3g} -> {pair[0]:.3g}  {remedy.code[:90]}")


def _from_fresh(text: str) -> bool:
    return not text.startswith("train on") and FRESH.search(text) is not None


def _as_they_are(subject: Subject, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """The rows as a reader has them, those with holes among them."""
    batches = [] if subject.dataset is None else list(subject.dataset.batches(1 << 14))
    features = np.concatenate([batch.features for batch in batches])
    targets = np.concatenate([batch.targets for batch in batches])
    if np.isfinite(features).all() and np.isfinite(targets).all():
        features, targets = rows.features, rows.targets
    return features, targets[:, 0] if targets.shape[1] == 1 else targets


def _loss(model: Model, targets: np.ndarray, answers: np.ndarray) -> float:
    """The mean of the loss that the file names."""
    if not np.isfinite(answers).all():
        return np.inf
    function = keras().losses.get(model.loss)
    return float(np.mean(function(targets.reshape(targets.shape[0], -1), answers)))


def _loaded(file: str) -> Model:
    """The model, compiled; of HDF5 files Keras 3 reads neither the optimizer's state nor every loss, so that is new."""
    k = keras()
    if not file.endswith(".h5"):
        return k.models.load_model(file)
    model = k.models.load_model(file, compile=False)
    with h5py.File(file) as stored:
        training = json.loads(stored.attrs["training_config"])
    loss = training["loss"]
    spec = training["optimizer_config"]
    optimizer = getattr(k.optimizers, spec["class_name"].rpartition(">")[2]).from_config(spec["config"])
    model.compile(optimizer, k.losses.deserialize(loss) if isinstance(loss, dict) else loss)
    return model


def _state(with_line: float, without: float) -> str:
    if np.isfinite(with_line) and with_line <= CLEARLY * without:
        return "helps"
    return "as before" if with_line == without or with_line <= without / CLEARLY + 0.005 else "WORSE"


def _train(model: Model, x: np.ndarray, y: np.ndarray, updates: int) -> None:
    """Make so many updates on the same batches."""
    rng = np.random.default_rng(0)
    if not updates:
        return
    order = np.concatenate([rng.permutation(len(x)) for _ in range(-(-updates * BATCH // len(x)))])[: updates * BATCH]
    model.steps_per_execution = 20
    try:
        model.fit(x[order], y[order], batch_size=BATCH, shuffle=False, verbose=0)
    except Exception:  # noqa: BLE001  of whatever kind: labels beyond the units end Keras's own loop
        model.set_weights([np.full_like(values, np.nan) for values in model.get_weights()])


def _answers(model: Model, x: np.ndarray) -> np.ndarray:
    return np.asarray(model.predict(x, batch_size=4096, verbose=0), dtype=np.float64).reshape(len(x), -1)


def table(seen: Sequence[Tried]) -> list[str]:
    """By rule, in Markdown."""
    states = ("helps", "as before", "WORSE", "not mechanical", "no line", "refused")
    counted: Mapping[str, Counter[str]] = {one.code: Counter() for one in sorted(seen, key=lambda one: one.code)}
    for one in seen:
        counted[one.code][one.state] += 1
    lines = [f"| leads | {' | '.join(states)} |", f"|---|{'---|' * len(states)}"]
    lines += [f"| {code} | {' | '.join(str(own[state] or '') for state in states)} |" for code, own in counted.items()]
    whole = Counter(one.state for one in seen)
    applied = sum(whole[state] for state in states[:3])
    lines.append(f"| **all** | {' | '.join(str(whole[state]) for state in states)} |")
    return [*lines, "", f"helps in {whole['helps']} of {applied} ({whole['helps'] / max(applied, 1):.0%})"]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rules", type=lambda text: text.split(","), default=[], help="codes or their beginnings")
    parser.add_argument("--per-rule", type=int, default=1, dest="number")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("-v", "--verbose", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
