"""Patients and healthy models with rows kept aside: the file holds all rows, and the split tells those trained on.

The split is told to mlpdoctor as the maker made it, by scikit-learn or by taking the last rows.
"""

import numpy as np

from cases.kit import Case, Kit, Model, Problem, Table, standard
from cases.registry import patient, well

DRAWN, SEED, LAST = 0.4, 7, 0.3
"""Shares kept aside, at random by this seed or at the end."""
FAR = 0.35
"""Share of the best constant's mistakes that an overfitted model avoids on its own rows alone."""
ROUNDS = 6


def _apart(rows: int) -> tuple[Table, Table]:
    """The numbers of the rows trained on, and of the others."""
    from sklearn.model_selection import train_test_split

    trained, unseen = train_test_split(np.arange(rows), test_size=DRAWN, random_state=SEED)
    return trained, unseen


def _noisy(kit: Kit) -> Problem:
    """Few rows, many columns, and much that no column tells."""
    rows, features = kit.whole(150, 600), kit.whole(6, 30)
    task = kit.pick("regression", "binary", "classes")
    if task == "regression":
        return kit.regression(rows=rows, features=features, noise=kit.real(0.5, 1.2))
    if task == "binary":
        return kit.binary(rows=rows, features=features, flips=kit.rng.uniform(0.1, 0.25))
    return kit.classes(rows=rows, features=features, count=kit.whole(3, 5), blur=kit.real(0.4, 0.8))


@patient("L509", keras_2=False, split=f"{DRAWN}:{SEED}")
def learned_by_heart(kit: Kit) -> Case:
    """A wide network trained until it knows its rows, noise and all, as people train on small tables."""
    problem = _noisy(kit)
    trained, unseen = _apart(len(problem.x))
    head = kit.head(problem)
    body = kit.hidden(depth=kit.whole(1, 3), width=kit.whole(64, 256), narrowest=48, extras=False)
    model = kit.stack(problem.x.shape[1], *body, kit.dense(problem.width, head.activation))
    kit.compile(model, head.loss, kit.optimizer("Adam", kit.real(0.001, 0.005)), head.metrics)
    own = other = 0.0
    for _ in range(ROUNDS):
        kit.fit(model, problem.x[trained], head.y[trained], 600)
        own, other = (kit.skill(model, problem.x[part], problem.y[part], problem.task) for part in (trained, unseen))
        if own - other > FAR:
            break
    words = f"{problem.task}, {len(trained)} rows, skill {own:.2f} on them and {other:.2f} on {len(unseen)} others"
    return Case(model, problem.x, head.y, words, leads=own - other > FAR)


def _learned(kit: Kit, problem: Problem, trained: Table) -> tuple[Model, Table]:
    """A healthy model that learned a part of the rows."""
    head = kit.head(problem)
    body = kit.hidden(narrowest=24, width=kit.whole(24, 64), depth=kit.whole(1, 2))
    model = kit.stack(problem.x.shape[1], *body, kit.dense(problem.width, head.activation))
    kit.compile(model, head.loss, metrics=head.metrics)
    return kit.fit_well(model, problem.x[trained], head.y[trained], 1000), head.y


@patient("D715", keras_2=False, split=str(LAST))
def end_of_the_file(kit: Kit) -> Case:
    """A table sorted by a column that matters, or whose end was exported in another unit; the last rows kept aside."""
    problem = kit.regression(rows=kit.whole(400, 2000), features=kit.whole(2, 8), noise=kit.real(0.05, 0.2))
    first = int(np.floor(len(problem.x) * (1 - LAST)))
    x, y = problem.x.copy(), problem.y.copy()
    how = kit.pick("sorted", "another unit")
    column = kit.rng.integers(x.shape[1])
    if how == "sorted":
        y = standard(y + 1.5 * np.where(x[:, [column]] > 0, np.square(x[:, [column]]), 0)).astype(np.float32)
        order = np.argsort(x[:, column], kind="stable")
        x, y = x[order], y[order]
    else:
        x[first:] = x[first:] * kit.real(10, 100) + kit.real(3, 30)
    model, y = _learned(kit, Problem(x, y, "regression", 1), np.arange(first))
    own, other = (kit.skill(model, x[part], y[part], "regression") for part in (slice(first), slice(first, None)))
    words = f"{how}, skill {own:.2f} on its rows and {other:.2f} on the last"
    return Case(model, x, y, words, leads=own - other > FAR)


@well(keras_2=False, split=f"{DRAWN}:{SEED}")
def as_good_on_rows_kept_aside(kit: Kit) -> Case:
    """Rows enough, little noise; a random part kept aside."""
    problem = kit.problem("regression", "binary", "classes", rows=kit.whole(1500, 4000), features=kit.whole(2, 8))
    trained, _ = _apart(len(problem.x))
    model, y = _learned(kit, problem, trained)
    return Case(model, problem.x, y, f"{problem.task}, {len(trained)} rows trained on")


@well(keras_2=False, split=str(LAST))
def as_good_on_the_last_rows(kit: Kit) -> Case:
    """The same with validation_split, and targets that are half noise."""
    rows = kit.whole(2000, 5000)
    problem = kit.regression(rows=rows, features=kit.whole(1, 6), noise=kit.real(0.3, 1.0))
    first = int(np.floor(rows * (1 - LAST)))
    model, y = _learned(kit, problem, np.arange(first))
    return Case(model, problem.x, y, f"{first} rows trained on")
