"""Two faults at once: both have to be named, and the one to fix first has to head the report."""

import numpy as np

from cases.kit import Case, Kit, Model, Problem, Table
from cases.registry import pair

LOW = {
    "W306": "a rate that moves nothing: the same, seen in what the file remembers",
    "G607": "too few updates for such a rate is the same product",
}


def _finish(kit: Kit, problem: Problem, x: Table, layers: list[Model], words: str, optimizer: Model = None) -> Case:
    head = kit.head(problem)
    model = kit.stack(x.shape[1], *layers, kit.dense(problem.width, head.activation))
    kit.compile(model, head.loss, optimizer, head.metrics)
    kit.fit(model, x, head.y, 600)
    return Case(model, x, head.y, f"{words}, {problem.task}")


@pair("D702", "A107")
def raw_into_sigmoids(kit: Kit) -> Case:
    """Columns as they come into a tower of sigmoids: the first layer is stuck before the tower can fade."""
    problem = kit.problem("regression", "binary", features=kit.whole(2, 12))
    depth = kit.whole(6, 10)
    layers = [kit.dense(kit.whole(8, 48), "sigmoid") for _ in range(depth)]
    return _finish(kit, problem, kit.raw(problem.x).astype(np.float32), layers, f"raw columns, {depth} sigmoids")


@pair("A101", "G604")
def line_at_a_crawl(kit: Kit) -> Case:
    """No activation anywhere, and a rate out of a fine-tuning recipe."""
    problem = kit.problem("regression", "binary", features=kit.whole(2, 20))
    layers = [kit.dense(kit.whole(8, 64)) for _ in range(kit.whole(1, 3))]
    rate = kit.real(1e-7, 2e-6)
    case = _finish(kit, problem, problem.x, layers, f"linear, rate {rate:.0e}", kit.optimizer("Adam", rate))
    return Case(case.model, case.x, case.y, case.words, LOW)


@pair("O201", "D702")
def softmax_of_one_on_raw_columns(kit: Kit) -> Case:
    """Softmax over one unit, and nobody scaled the columns."""
    problem = kit.binary(features=kit.whole(2, 20))
    x = kit.raw(problem.x).astype(np.float32)
    model = kit.stack(x.shape[1], *kit.hidden(extras=False), kit.dense(1, "softmax"))
    kit.compile(model, "binary_crossentropy", kit.optimizer("Adam", 0.001))
    state = kit.trained(model, x, problem.y, updates=600)
    return Case(model, x, problem.y, f"softmax of one on raw columns, {state}")


@pair("A101", "D702")
def line_on_raw_columns(kit: Kit) -> Case:
    """No activation anywhere, and nobody scaled the columns."""
    problem = kit.problem("regression", "binary", features=kit.whole(2, 20))
    layers = [kit.dense(kit.whole(8, 64)) for _ in range(kit.whole(1, 3))]
    return _finish(kit, problem, kit.raw(problem.x).astype(np.float32), layers, "linear, raw columns")


@pair("W302", "D702")
def alike_on_raw_columns(kit: Kit) -> Case:
    """All weights start at one number, and nobody scaled the columns."""
    problem = kit.regression(features=kit.whole(2, 12))
    start = kit.pick("zeros", "ones")
    layers = [kit.dense(kit.whole(8, 48), "tanh", kernel_initializer=start) for _ in range(kit.whole(1, 2))]
    x = kit.raw(problem.x).astype(np.float32)
    model = kit.stack(x.shape[1], *layers, kit.dense(1, kernel_initializer=start))
    kit.compile(model, "mse", kit.optimizer("Adam", 0.001))
    kit.fit(model, x, problem.y, 600)
    return Case(model, x, problem.y, f"all {start}, raw columns")


@pair("O205", "G604")
def classes_from_one_at_a_crawl(kit: Kit) -> Case:
    """Classes counted from 1 in the file, and a rate too low to see what comes of it."""
    problem = kit.classes()
    rate = kit.real(1e-7, 2e-6)
    model = kit.stack(problem.x.shape[1], *kit.hidden(extras=False), kit.dense(problem.width, "softmax"))
    kit.compile(model, "sparse_categorical_crossentropy", kit.optimizer("Adam", rate))
    kit.fit(model, problem.x, problem.y, 400)
    return Case(model, problem.x, problem.y + 1, f"classes from 1, rate {rate:.0e}", LOW)
