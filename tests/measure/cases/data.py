"""Patients of family D: the file is not what the model needs."""

from dataclasses import replace

import numpy as np

from cases.kit import Case, Kit, Model, Problem, Table
from cases.registry import patient
from cases.translated import Translated


def _fresh(kit: Kit, problem: Problem, *, optimizer: Model = None) -> tuple[Model, Table]:
    head = kit.head(problem)
    model = kit.stack(problem.x.shape[1], *kit.hidden(extras=False), kit.dense(problem.width, head.activation))
    return kit.compile(model, head.loss, optimizer, head.metrics), head.y


@patient("D701")
def holes(kit: Kit) -> Case:
    """Missing cells, as an export leaves them; the model untrained, trained on the whole rows, or ruined by them."""
    problem = kit.problem("regression", "binary", "classes")
    model, y = _fresh(kit, problem)
    x = problem.x.astype(np.float64)
    bad = kit.rng.uniform(size=x.shape) < kit.real(0.005, 0.15)
    bad[kit.rng.integers(len(x)), kit.rng.integers(x.shape[1])] = True
    x[bad] = kit.pick(np.nan, np.nan, np.inf)
    state = kit.pick("untrained", "trained on filled rows", "ruined")
    if state == "trained on filled rows":
        kit.fit(model, np.where(bad, 0, problem.x).astype(np.float32), y, 500)
    elif state == "ruined":
        kit.fit(model, x.astype(np.float32), y, 200)
    return Case(model, x, y, f"{problem.task}, {bad.mean():.3f} of the cells, {state}")


@patient("D702")
def raw_columns(kit: Kit) -> Case:
    """Columns straight from the table, incomes beside years, into a Dense."""
    problem = kit.problem("regression", "binary", "classes", features=kit.whole(2, 20))
    x = kit.raw(problem.x).astype(np.float32)
    rate = kit.pick(("SGD", 0.01), ("Adam", 0.001), ("Adam", 0.001), ("RMSprop", 0.001))
    model, y = _fresh(kit, problem, optimizer=kit.optimizer(*rate))
    state = kit.trained(model, x, y, updates=600)
    kept = {"D713": "the same columns, told as a mismatch"} if state == "untrained" else {}
    return Case(model, x, y, f"{problem.task}, {rate[0]}, {state}", kept)


@patient("D703", aliases={"O209": "the distance of the targets from the start, told from the other side"})
def raw_prices(kit: Kit) -> Case:
    """House prices as they are, with the rate Keras starts from."""
    problem = kit.regression()
    scale = kit.real(1000, 200_000)
    y = (problem.y * scale + scale * kit.rng.uniform(1, 4)).astype(np.float32)
    model = kit.stack(problem.x.shape[1], *kit.hidden(extras=False), kit.dense(1))
    kit.compile(model, kit.pick("mse", "mse", "mae"), kit.optimizer(kit.pick("Adam", "Adam", "RMSprop"), 0.001))
    state = kit.trained(model, problem.x, y)
    case = Case(Translated(model, lambda said: (said - y.mean()) / y.std()), problem.x, y)
    return replace(kit.costs(case, problem), model=model, words=f"targets around {scale:.0f}, {state}")


def _with(kit: Kit, x: Table, problem: Problem, words: str) -> Case:
    """A healthy model on these features instead."""
    model, y = kit.good(Problem(x.astype(np.float32), problem.y, problem.task, problem.width), updates=600)
    return Case(model, x, y, words, leads=False)


@patient("D704", leads=False)
def constant_column(kit: Kit) -> Case:
    """A column that never changes."""
    problem = kit.problem("regression", "binary", features=kit.whole(3, 15))
    x = problem.x.copy()
    x[:, kit.rng.integers(x.shape[1])] = kit.pick(0.0, 1.0, 0.5)
    return _with(kit, x, problem, "a constant column")


@patient("D705", leads=False)
def repeated_columns(kit: Kit) -> Case:
    """Celsius beside Fahrenheit, or a total beside its parts."""
    problem = kit.problem("regression", "binary", features=kit.whole(4, 15))
    x = problem.x.copy()
    how = kit.pick("copy", "other unit", "sum")
    one, two, three = kit.rng.permutation(x.shape[1])[:3]
    x[:, one] = {"copy": x[:, two], "other unit": 0.9 * x[:, two] + 0.3, "sum": (x[:, two] + x[:, three]) / 2}[how]
    return _with(kit, x, problem, how)


@patient("D706", leads=False)
def copied_rows(kit: Kit) -> Case:
    """Many rows twice and more: oversampled, or exported twice."""
    problem = kit.problem("regression", "binary", features=kit.whole(3, 15))
    rows = len(problem.x)
    kept = kit.rng.choice(rows, max(int(rows * kit.rng.uniform(0.3, 0.6)), 30), replace=False)
    order = np.concatenate([kept, kit.rng.choice(kept, rows - len(kept))])
    kit.rng.shuffle(order)
    model, y = kit.good(Problem(problem.x[order], problem.y[order], problem.task, problem.width), updates=600)
    return Case(model, problem.x[order], y, "repeated rows", leads=False)


FEW = 100
"""Updates after which no such model has done with its bias."""


@patient("D707", aliases={"L502": "a model that ignores the rare class answers its base rate: both name the same"})
def rare_class(kit: Kit) -> Case:
    """One to four positives in a hundred, and a model that never says yes."""
    problem = kit.regression(rows=kit.whole(1000, 3000), features=kit.whole(3, 15), noise=0.3)
    share = kit.rng.uniform(0.01, 0.04)
    score = problem.y + 0.6 * kit.rng.normal(size=problem.y.shape)
    y = (score > np.quantile(score, 1 - share)).astype(np.float32)
    many_classes = kit.chance(0.3)
    if many_classes:
        many = y[:, 0].astype(int) + 2 * (problem.x[:, 0] > 0) * (y[:, 0] == 0)
        problem = Problem(problem.x, many.astype(np.int64), "classes", 3)
    else:
        problem = Problem(problem.x, y, "binary", 1)
    model, y = _fresh(kit, problem, optimizer=kit.optimizer("Adam", 0.001))
    kit.fit(model, problem.x, y, updates := 600 if many_classes else kit.whole(60, 200))
    few = (
        {"G607": "so few updates that the loss is above the constant's: more of them come first"}
        if updates < FEW
        else {}
    )
    return Case(model, problem.x, y, f"{problem.task}, {share:.3f} rare, {updates} updates", aliases=few)


@patient("D708", leads=False)
def sorted_file(kit: Kit) -> Case:
    """The file comes sorted by its target, as iris does; the training shuffled, so the model may be fine."""
    problem = kit.problem("regression", "binary", "classes")
    order = np.argsort(problem.y.reshape(len(problem.y), -1)[:, 0], kind="stable")
    problem = Problem(problem.x[order], problem.y[order], problem.task, problem.width)
    model, y = _fresh(kit, problem)
    state = kit.trained(model, problem.x, y)
    return Case(model, problem.x, y, f"{problem.task}, {state}")


@patient("D709")
def absurd_rows(kit: Kit) -> Case:
    """A few targets a thousand times too large: a slipped comma, or 99999 for unknown."""
    problem = kit.regression(rows=kit.whole(200, 3000))
    y = problem.y.copy()
    rows = kit.rng.choice(len(y), max(1, int(len(y) * kit.rng.uniform(0.001, 0.01))), replace=False)
    y[rows] = kit.pick(y[rows] * 1000, np.full((len(rows), 1), 9999.0, np.float32), y[rows] * 100 + 50)
    model = kit.stack(problem.x.shape[1], *kit.hidden(extras=False), kit.dense(1))
    kit.compile(model, "mse", kit.optimizer("Adam", 0.001))
    state = kit.trained(model, problem.x, y)
    return Case(model, problem.x, y, f"{len(rows)} of {len(y)} rows, {state}")


@patient("D710", leads=False)
def handful(kit: Kit) -> Case:
    """Fifteen to sixty rows for thousands of weights."""
    problem = kit.problem("regression", "binary", features=kit.whole(2, 30), rows=kit.whole(15, 60))
    model, y = kit.good(problem, width=kit.whole(32, 128), depth=kit.whole(2, 3), updates=300)
    return Case(model, problem.x, y, f"{len(y)} rows, {model.count_params()} parameters", leads=False)


@patient("D711")
def nothing_to_learn(kit: Kit) -> Case:
    """A target that never changes: the wrong column, or a filter that kept one class."""
    problem = kit.problem("regression", "binary")
    y = np.full_like(problem.y, kit.pick(0.0, 1.0) if problem.task == "binary" else kit.pick(0.0, 1.0, 3.5))
    model, y = _fresh(kit, Problem(problem.x, y, problem.task, problem.width))
    state = kit.trained(model, problem.x, y, updates=300)
    return Case(model, problem.x, y, f"{problem.task}, {state}")


@patient("D712")
def leak(kit: Kit) -> Case:
    """A column that is the target under another name: a copy, another unit, or what is known only afterwards."""
    problem = kit.problem("regression", "regression", "binary", features=kit.whole(3, 15))
    x = problem.x.copy()
    y = problem.y[:, 0]
    how = kit.pick("copy", "other unit", "almost")
    told = {"copy": y, "other unit": 1.7 * y - 0.4, "almost": y + 0.001 * kit.rng.normal(size=len(y))}[how]
    x[:, kit.rng.integers(x.shape[1])] = told
    case = _with(kit, x, problem, f"{how}, {problem.task}")
    return Case(case.model, case.x, case.y, case.words)


@patient("D713")
def scaler_forgotten(kit: Kit) -> Case:
    """Trained behind a StandardScaler or MinMaxScaler; the file holds the columns as they were."""
    problem = kit.problem("regression", "binary", "classes", features=kit.whole(2, 15))
    raw = kit.raw(problem.x)
    x = problem.x
    how = kit.pick("standard", "standard", "minmax")
    if how == "minmax":
        x = ((raw - raw.min(axis=0)) / np.ptp(raw, axis=0)).astype(np.float32)
    model, y = kit.good(Problem(x, problem.y, problem.task, problem.width), updates=800)
    return Case(model, raw, y, f"{how}, {problem.task}", {"D702": "raw columns reach the first Dense"})


@patient("D714")
def fast_wave(kit: Kit) -> Case:
    """A sine of many periods over one input from -1 to 1, or over time."""
    x = kit.rng.uniform(-1, 1, (kit.whole(300, 2000), 1)).astype(np.float32)
    periods = kit.rng.uniform(6, 25)
    y = np.sin(np.pi * periods * x + kit.rng.uniform(0, 6)) + 0.05 * kit.rng.normal(size=x.shape)
    problem = Problem(x, y.astype(np.float32), "regression", 1)
    model = kit.stack(1, *kit.hidden(narrowest=24, width=kit.whole(24, 128), extras=False), kit.dense(1))
    kit.compile(model, "mse", kit.optimizer("Adam", 0.001))
    state = kit.trained(model, problem.x, problem.y, updates=1200)
    return Case(model, x, problem.y, f"{periods:.0f} periods, {state}")
