"""Patients of the rules on what has become of the model: its loss beside the rungs, its answers, its features."""

import numpy as np

from cases.kit import Case, Kit, Problem, standard
from cases.registry import patient

STEPS = {
    "G603": "the rate that is too high is the reason",
    "G604": "the rate that is too low is the reason",
    "G605": "the stretched curvature is the reason",
    "G607": "too few updates are the reason",
}


def _line(problem: Problem) -> float:
    """The least squared error of an affine function."""
    design = np.column_stack([np.ones(len(problem.x)), problem.x])
    return float(np.square(problem.y - design @ np.linalg.lstsq(design, problem.y, rcond=None)[0]).mean())


@patient("L504", aliases={**STEPS, "L506": "the same distance, seen in the last layer", "W306": "the rate is why"})
def short_of_the_line(kit: Kit) -> Case:
    """Stopped long before linear regression: few updates, plain SGD with a small rate, or Adam with a tiny one."""
    problem = kit.regression(
        features=kit.whole(3, 15), rows=kit.whole(300, 3000), bend=kit.rng.uniform(0.0, 0.4), noise=0.1
    )
    activation = kit.pick("tanh", "elu", "relu", "gelu")
    width = kit.whole(8, 48)
    body = kit.hidden(depth=kit.whole(1, 2), width=width, activation=activation, extras=False)
    model = kit.stack(problem.x.shape[1], *body, kit.dense(1))
    name, rate = kit.pick(("SGD", 0.002), ("Adam", 0.0003), ("RMSprop", 0.0003))
    kit.compile(model, "mse", kit.optimizer(name, rate, **({"momentum": 0.0} if name == "SGD" else {})))
    line, constant = _line(problem), float(problem.y.var())
    target = line + kit.rng.uniform(0.25, 0.75) * (constant - line)
    updates, loss = 0, constant
    while updates < 8000 and not loss < target:
        kit.fit(model, problem.x, problem.y, 20)
        updates += 20
        loss = float(np.square(model.predict(problem.x, batch_size=4096, verbose=0) - problem.y).mean())
    return Case(model, problem.x, problem.y, f"{activation}, {name}, {updates} updates, {loss:.3f} beside {line:.3f}")


@patient(
    "L506",
    aliases={
        **STEPS,
        "W306": "the rate is why",
        "L504": "the same distance, measured from the line",
        "L501": "the same distance: by chance just at the line",
    },
)
def new_head(kit: Kit) -> Case:
    """A body that has learned the problem, with a last layer put on again and trained for a moment."""
    problem = kit.problem("regression", "binary", "classes", features=kit.whole(2, 12), rows=kit.whole(500, 3000))
    head = kit.head(problem)
    body = kit.hidden(
        depth=kit.whole(1, 2), width=kit.whole(16, 48), activation=kit.pick("relu", "tanh"), extras=False, narrowest=12
    )
    first = kit.stack(problem.x.shape[1], *body, kit.dense(problem.width, head.activation))
    kit.compile(first, head.loss, kit.optimizer("Adam", 0.005))
    kit.fit_well(first, problem.x, head.y, 800)
    best = float(np.ravel(first.evaluate(problem.x, head.y, batch_size=4096, verbose=0))[0])
    model = kit.keras.Sequential([kit.keras.Input((problem.x.shape[1],)), *body])
    model.add(kit.dense(problem.width, head.activation, name="head"))
    name, rate = kit.pick(("SGD", 0.001), ("Adam", 0.0002))
    kit.compile(model, head.loss, kit.optimizer(name, rate, **({"momentum": 0.0} if name == "SGD" else {})))
    base = kit.keras.Sequential([kit.keras.Input((problem.x.shape[1],)), kit.layers.Rescaling(0.0)])
    base.add(kit.dense(problem.width, head.activation))
    kit.compile(base, head.loss, kit.optimizer("Adam", 0.05))
    kit.fit(base, problem.x, head.y, 400)
    constant = float(np.ravel(base.evaluate(problem.x, head.y, batch_size=4096, verbose=0))[0])
    target = best + kit.rng.uniform(0.4, 0.8) * (constant - best)
    updates, loss = 0, constant
    while updates < 4000 and not loss < target:
        kit.fit(model, problem.x, head.y, 20)
        updates += 20
        loss = float(np.ravel(model.evaluate(problem.x, head.y, batch_size=4096, verbose=0))[0])
    return Case(model, problem.x, head.y, f"{problem.task}, {name}, {updates} updates, {loss:.3f} beside {best:.3f}")


@patient("L507")
def nothing_there(kit: Kit) -> Case:
    """Inputs that say nothing about the target: joined apart, or prices of tomorrow from those of today."""
    problem = kit.problem("regression", "binary", features=kit.whole(2, 12), rows=kit.whole(800, 3000))
    problem = Problem(problem.x, problem.y[kit.rng.permutation(len(problem.y))], problem.task, problem.width)
    head = kit.head(problem)
    layers = kit.hidden(depth=kit.whole(1, 2), width=kit.whole(8, 24), extras=False)
    model = kit.stack(problem.x.shape[1], *layers, kit.dense(problem.width, head.activation))
    kit.compile(model, head.loss, kit.optimizer("Adam", 0.001), head.metrics)
    kit.fit(model, problem.x, head.y, 300)
    return Case(model, problem.x, head.y, f"{problem.task}, {len(problem.x)} rows")


@patient("L508", leads=False)
def all_there_is(kit: Kit) -> Case:
    """Much noise, or few distinct inputs, and a model that has learned what there is: nothing to fix."""
    rows = kit.whole(1500, 3000)
    if kit.chance(0.5):
        x = standard(kit.rng.integers(0, kit.whole(3, 6), (rows, 2)).astype(float)).astype(np.float32)
        y = kit.teacher(x, 1, 0.3) + kit.rng.uniform(0.5, 1.0) * kit.rng.normal(size=(rows, 1))
        words = "few distinct inputs"
    else:
        x = kit.inputs(rows, kit.whole(1, 3))
        y = kit.teacher(x, 1, 0.3) + kit.rng.uniform(0.5, 1.0) * kit.rng.normal(size=(rows, 1))
        words = "noise"
    y = standard(y).astype(np.float32)
    model = kit.stack(x.shape[1], kit.dense(32, "tanh"), kit.dense(16, "tanh"), kit.dense(1))
    kit.compile(model, "mse", kit.optimizer("Adam", 0.005))
    kit.fit_well(model, x, y, 2000)
    return Case(model, x, y, words)


@patient(
    "U404",
    aliases={
        **STEPS,
        "U401": "the units that are dead are why",
        "U402": "the units that are saturated are why",
        "U405": "the features are all alike, so that the answer is",
        "W305": "units without any gradient, because a last kernel of zeros got none from inputs of zeros, are why",
        "W303": "the weights grown out of size are why",
        "W307": "the penalty is why",
        "G601": "no gradient gets past a last kernel of zeros or dead units: why nothing is learned any more",
    },
)
def same_answer(kit: Kit) -> Case:
    """One answer to all rows: a rate far too high, or an output that training has flattened and left so."""
    problem = kit.problem("regression", "binary", features=kit.whole(2, 12), rows=kit.whole(400, 3000))
    head = kit.head(problem)
    way = kit.pick("rate", "blank inputs", "blank inputs", "decay")
    activation = kit.pick("relu", "tanh")
    layers = kit.hidden(
        depth=kit.whole(2, 4), width=kit.whole(8, 48), activation="relu" if way == "rate" else activation, extras=False
    )
    start = {"kernel_initializer": "zeros"} if way == "blank inputs" else {}
    model = kit.stack(problem.x.shape[1], *layers, kit.dense(problem.width, head.activation, **start))
    if way == "rate":
        kit.compile(model, head.loss, kit.optimizer("Adam", kit.real(1, 5)))
        kit.fit(model, problem.x, head.y, 300)
    elif way == "decay":
        kit.compile(model, head.loss, kit.optimizer("AdamW", 0.01, weight_decay=20.0))
        kit.fit(model, problem.x, head.y, 300)
    else:  # a generator that hands over zeros for features: only the last bias has anything to learn from
        kit.compile(model, head.loss, kit.optimizer("Adam", 0.01))
        kit.fit(model, np.zeros_like(problem.x), head.y, 500)
    model.optimizer.learning_rate = 0.001
    return Case(model, problem.x, head.y, f"{problem.task}, {way}")


@patient(
    "U405",
    aliases={
        "A107": "a deep saturating stack is how the directions are lost",
        "W303": "the size of the weights is how they are lost",
        "W302": "copies are how they are lost",
        "G601": "the gradient fades on the way through the same stack",
        "U401": "dead units are how they are lost",
        "G607": "it does still fall, as slowly as faint directions are learned",
    },
)
def squeezed(kit: Kit) -> Case:
    """Twenty to forty plain layers, behind which all rows look alike; and first layers of rank one."""
    problem = kit.problem("regression", "binary", features=kit.whole(5, 15), rows=kit.whole(400, 2000))
    head = kit.head(problem)
    if kit.chance(0.6):
        depth, width = kit.whole(22, 36), kit.whole(12, 32)
        layers = [kit.dense(width, "relu", kernel_initializer="he_normal") for _ in range(depth)]
        model = kit.stack(problem.x.shape[1], *layers, kit.dense(problem.width, head.activation))
        kit.compile(model, head.loss, kit.optimizer("Adam", 0.0003))
        kit.fit(model, problem.x, head.y, 200)
        return Case(model, problem.x, head.y, f"{problem.task}, {depth} layers of {width}")
    layers = [kit.dense(kit.whole(16, 48), "tanh") for _ in range(2)]
    model = kit.stack(problem.x.shape[1], *layers, kit.dense(problem.width, head.activation))
    kernel, bias = layers[0].get_weights()
    one = kit.rng.normal(size=(len(kernel), 1)) @ kit.rng.uniform(0.1, 0.5, (1, kernel.shape[1])) / np.sqrt(len(kernel))
    layers[0].set_weights([one.astype(np.float32), bias])
    layers[0].trainable = False
    kit.compile(model, head.loss, kit.optimizer("Adam", 0.005))
    kit.fit(model, problem.x, head.y, 600)
    return Case(model, problem.x, head.y, f"{problem.task}, a first layer of rank one", leads=False)
