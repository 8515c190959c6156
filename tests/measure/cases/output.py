"""Patients of family O: last activation, units, loss and labels that do not belong together."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from cases.kit import Case, Kit, Model, Problem, Table, one_hot
from cases.registry import patient
from cases.translated import Translated


def _made(
    kit: Kit,
    x: Table,
    y: Table,
    units: int,
    activation: str | None,
    loss: Model,
    words: str,
    *states: str,
    shown: Table | None = None,
    metrics: tuple[str, ...] = (),
    updates: int = 600,
    aliases: dict[str, str] | None = None,
    leads: bool = True,
) -> Case:
    """A network with this end, trained on ``y``, or on ``shown`` where the file holds other targets."""
    model = kit.stack(x.shape[1], *kit.hidden(extras=False), kit.dense(units, activation))
    kit.compile(model, loss, metrics=metrics)
    state = kit.trained(model, x, y if shown is None else shown, *states, updates=updates)
    return Case(model, x, y, f"{words}, {state}", aliases or {}, leads)


def _judged(kit: Kit, case: Case, problem: Problem, change: Callable[[Table], Table] = np.nan_to_num) -> Case:
    """The case, its answers held against a plain network's."""
    judged = kit.costs(replace(case, model=Translated(case.model, change)), problem)
    return replace(judged, model=case.model)


@patient("O201")
def softmax_of_one(kit: Kit) -> Case:
    """Softmax over the one unit of a yes-or-no question, or of a regression."""
    if kit.chance(0.25):
        problem = kit.regression()
        return _made(kit, problem.x, problem.y, 1, "softmax", "mse", "regression")
    problem = kit.binary()
    loss = kit.pick("binary_crossentropy", "binary_crossentropy", "categorical_crossentropy", "mse")
    return _made(kit, problem.x, problem.y, 1, "softmax", loss, loss, metrics=kit.pick((), ("accuracy",)))


@patient("O202")
def wrong_pair(kit: Kit) -> Case:
    """A last activation and a loss copied from two different examples."""
    how = kit.pick(
        "sigmoid+cce", "sigmoid+scce", "relu+bce", "tanh+bce", "relu+cce", "softmax+bce", "softmax+mse", "linear+bce"
    )
    raw = {"O203": "raw scores into a loss that wants probabilities are either mistake"}
    end, _, loss = how.partition("+")
    activation = None if end == "linear" else end
    aliases = raw if end == "linear" else {}
    if loss == "bce" and end != "softmax":
        problem = kit.binary()
        return _made(kit, problem.x, problem.y, 1, activation, "binary_crossentropy", how, aliases=aliases)
    problem = kit.classes()
    hot = one_hot(problem.y, problem.width)
    name = {
        "cce": "categorical_crossentropy",
        "scce": "sparse_categorical_crossentropy",
        "bce": "binary_crossentropy",
        "mse": "mse",
    }[loss]
    y = problem.y if loss == "scce" else hot
    case = _made(kit, problem.x, y, problem.width, activation, name, how, metrics=kit.pick((), ("accuracy",)))
    return _judged(kit, case, problem)


@patient("O203")
def logits_mixed_up(kit: Kit) -> Case:
    """Probabilities into from_logits=True, or raw scores into from_logits=False.

    On TensorFlow Keras takes the scores from before the softmax or sigmoid whatever it is told, so that the first of
    the two costs nothing where it was trained: it has to be mentioned, for on another backend it would matter.
    """
    losses = kit.keras.losses
    if kit.chance(0.4):
        problem = kit.binary()
        told = kit.chance(0.6)
        loss = losses.BinaryCrossentropy(from_logits=told) if told else "binary_crossentropy"
        end = "sigmoid" if told else None
        alias = {} if told else {"O202": "no activation before a loss of probabilities is either mistake"}
        case = _made(kit, problem.x, problem.y, 1, end, loss, f"{end}, from_logits={told}", aliases=alias)
        return replace(case, leads=not told)
    problem = kit.classes()
    told, sparse = kit.chance(0.6), kit.chance(0.6)
    maker = losses.SparseCategoricalCrossentropy if sparse else losses.CategoricalCrossentropy
    y = problem.y if sparse else one_hot(problem.y, problem.width)
    end = "softmax" if told else None
    alias = {} if told else {"O202": "no activation before a loss of probabilities is either mistake"}
    words = f"{end}, from_logits={told}, {'sparse' if sparse else 'one-hot'}"
    case = _made(kit, problem.x, y, problem.width, end, maker(from_logits=told), words, aliases=alias)
    return replace(_judged(kit, case, problem), leads=False) if told else _judged(kit, case, problem)


@patient("O204")
def out_of_reach(kit: Kit) -> Case:
    """A sigmoid, tanh or ReLU at the end of a regression whose targets go further."""
    problem = kit.regression()
    end = kit.pick("sigmoid", "relu", "tanh", "softplus", "sigmoid")
    y = problem.y.astype(np.float64)
    if end == "tanh":
        y = y * kit.real(1.5, 6) + kit.pick(0.0, 3.0)
    elif end == "sigmoid":
        y = kit.pick(y, y * 3 + 10)
    return _made(kit, problem.x, y.astype(np.float32), 1, end, kit.pick("mse", "mse", "mae"), f"{end} at the end")


@patient("O205")
def wrong_labels(kit: Kit) -> Case:
    """Labels from 1, of -1 and 1, divided by 255, one-hot where numbers are due and the other way round."""
    how = kit.pick("from 1", "minus one", "one and two", "by 255", "0/255", "hot into sparse", "sparse into hot")
    if how in {"minus one", "one and two", "0/255"}:
        problem = kit.binary()
        y = {"minus one": 2 * problem.y - 1, "one and two": problem.y + 1, "0/255": problem.y * 255}[how]
        return _made(kit, problem.x, y, 1, "sigmoid", "binary_crossentropy", how)
    problem = kit.classes()
    hot = one_hot(problem.y, problem.width)
    sparse = "sparse_categorical_crossentropy"
    if how == "by 255":
        y = problem.y.astype(np.float32) / 255
        return _made(kit, problem.x, y, problem.width, "softmax", sparse, how)
    # Keras refuses these in training: the model is fresh, or was trained with the right labels and has them wrong here
    y, loss, shown = {
        "from 1": (problem.y + 1, sparse, problem.y),
        "hot into sparse": (hot, sparse, problem.y),
        "sparse into hot": (problem.y, "categorical_crossentropy", hot),
    }[how]
    state = kit.pick("untrained", "half")
    # one-hot or numbers is a matter of the file alone for a model that has been trained with the right ones
    leads = state == "untrained" or how == "from 1"
    return _made(kit, problem.x, y, problem.width, "softmax", loss, how, state, shown=shown, leads=leads)


@patient("O206", aliases={"O205": "seen from the other side, the labels do not fit the units"})
def wrong_count(kit: Kit) -> Case:
    """Ten units copied from MNIST, one sigmoid for five classes, two units for three classes."""
    problem = kit.classes(count=kit.whole(3, 7))
    sparse = "sparse_categorical_crossentropy"
    how = kit.pick("too many", "too few", "one sigmoid", "one sigmoid")
    if how == "one sigmoid":
        return _made(kit, problem.x, problem.y[:, None], 1, "sigmoid", "binary_crossentropy", how)
    if how == "too many":
        units = problem.width + kit.whole(2, 10)
        words = f"{units} units for {problem.width} classes"
        return _made(kit, problem.x, problem.y, units, "softmax", sparse, words, leads=False)
    shown = np.minimum(problem.y, problem.width - 2)
    return _made(kit, problem.x, problem.y, problem.width - 1, "softmax", sparse, how, "untrained", "half", shown=shown)


@patient("O207")
def wrong_kind(kit: Kit) -> Case:
    """Cross-entropy on continuous values; squared or absolute error on class numbers."""
    how = kit.pick(
        "bce on values", "bce on values", "mse on classes", "mae on classes", "hinge on values", "mse on 0/1"
    )
    if how in {"bce on values", "hinge on values"}:
        problem = kit.regression()
        y = problem.y.astype(np.float64) * kit.pick(1.0, 1.0, 10.0) + kit.pick(0.0, 20.0)
        if how == "hinge on values":
            return _made(kit, problem.x, y, 1, "tanh", "hinge", how, aliases={"O205": "labels of a hinge are -1 and 1"})
        alias = {
            "O205": "targets beyond 0 and 1 are no labels of this loss",
            "O204": "no sigmoid reaches these targets either",
        }
        return _made(kit, problem.x, y, 1, "sigmoid", "binary_crossentropy", how, aliases=alias)
    if how == "mse on 0/1":
        problem = kit.binary()
        case = _made(kit, problem.x, problem.y, 1, kit.pick(None, "sigmoid"), "mse", how)
        return _judged(kit, case, problem, lambda y: np.clip(y, 0, 1))
    problem = kit.classes()
    loss = "mse" if how.startswith("mse") else "mae"
    case = _made(kit, problem.x, problem.y[:, None].astype(np.float32), 1, None, loss, how)
    last = problem.width - 1
    return _judged(kit, case, problem, lambda y: one_hot(np.clip(np.round(np.nan_to_num(y)), 0, last), last + 1))


@patient("O208", leads=False)
def accuracy_of_a_regression(kit: Kit) -> Case:
    """Nothing is wrong but the number that is looked at."""
    problem = kit.regression()
    model = kit.stack(problem.x.shape[1], *kit.hidden(narrowest=24, width=48, extras=False), kit.dense(1))
    kit.compile(model, kit.pick("mse", "mae"), metrics=kit.pick(("accuracy",), ("accuracy", "mae"), ("acc",)))
    state = kit.trained(model, problem.x, problem.y, "untrained", "half", "trained")
    return Case(model, problem.x, problem.y, f"accuracy, {state}")


@patient("O209", aliases={"D703": "the distance of the targets from zero is what makes the start so bad"})
def far_start(kit: Kit) -> Case:
    """A fresh model whose answers start near 0 while the targets lie around 8, or with one positive in a hundred."""
    if kit.chance(0.6):
        problem = kit.regression()
        y = problem.y * kit.real(0.5, 2) + kit.real(6, 25) * kit.pick(-1.0, 1.0)
        return _made(kit, problem.x, y, 1, None, "mse", "targets far from 0", "untrained", "early", updates=10)
    problem = kit.regression(rows=kit.whole(1000, 3000))
    y = (problem.y > np.quantile(problem.y, kit.rng.uniform(0.96, 0.99))).astype(np.float32)
    # a rare class's bias is learned within a few updates: worth a word, not the head of a report
    return _made(kit, problem.x, y, 1, "sigmoid", "binary_crossentropy", "rare positives", "untrained", leads=False)
