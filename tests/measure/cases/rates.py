"""Patients of the step size: rates too high for the curvature, and inputs so stretched that descent crawls."""

import numpy as np

from cases.kit import Case, Kit, Model, Problem, standard
from cases.registry import patient

STUCK = 0.3
"""A rate that is too high is an illness where it keeps the model so far, in skill, from what a lower one reaches."""
DRAWS = 12
"""Rates that are tried until one does harm."""


@patient(
    "G603",
    aliases={
        "W301": "weights that are no numbers any more, whatever made them",
        "U401": "the units that the steps have killed",
    },
)
def steps_too_long(kit: Kit) -> Case:
    """A rate 10 to 1000 times too high: blown up, thrown to and fro, killed, or just about to be."""
    problem = kit.problem("regression", "regression", "binary", "classes", features=kit.whole(2, 20))
    head = kit.head(problem)
    name = kit.pick("SGD", "SGD", "Adam", "Adam", "RMSprop", "Nadam")
    usual = {"SGD": 0.1, "Adam": 0.01, "RMSprop": 0.003, "Nadam": 0.005}[name]
    activation, width, depth = kit.activation(), kit.whole(16, 96), kit.whole(1, 3)
    untrained = kit.chance(0.2)
    possible = kit.skill(
        _grown(kit, problem, activation, width, depth, name, usual), problem.x, problem.y, problem.task
    )
    for draw in range(DRAWS):
        rate = usual * kit.real(10 * 1.3**draw, min(100 * 1.5**draw, 1000))
        layers = [kit.dense(width, activation) for _ in range(depth)]
        model = kit.stack(problem.x.shape[1], *layers, kit.dense(problem.width, head.activation))
        kit.compile(model, head.loss, kit.optimizer(name, rate), head.metrics)
        fresh = [np.array(weight) for weight in model.get_weights()]
        kit.fit(model, problem.x, head.y, 400)
        reached = kit.skill(model, problem.x, problem.y, problem.task)
        # Of a model that is yet to be trained the first updates have to tell.
        if possible - reached > (2 if untrained else 1) * STUCK:
            break
    words = f"{name} at {rate:.2g}, {activation}, {depth} x {width}, {problem.task}"
    if untrained:
        model = kit.stack(problem.x.shape[1], *layers, kit.dense(problem.width, head.activation))
        kit.compile(model, head.loss, kit.optimizer(name, rate), head.metrics)
        model.set_weights(fresh)
        return Case(model, problem.x, head.y, f"{words}, untrained; it would reach {reached:.2f} of {possible:.2f}")
    return Case(model, problem.x, head.y, f"{words}; skill {reached:.2f} of {possible:.2f}")


def _grown(kit: Kit, problem: Problem, activation: str, width: int, depth: int, name: str, rate: float) -> Model:
    """The same network, trained as one should."""
    head = kit.head(problem)
    layers = [kit.dense(width, activation) for _ in range(depth)]
    model = kit.stack(problem.x.shape[1], *layers, kit.dense(problem.width, head.activation))
    kit.compile(model, head.loss, kit.optimizer(name, rate), head.metrics)
    return kit.fit_well(model, problem.x, head.y, 800)


@patient("G605", aliases={"D705": "the columns that are nearly the same"})
def narrow_valley(kit: Kit) -> Case:
    """Standardised columns that hardly differ, with the answer in their difference, trained by gradient descent."""
    rows, pairs, others = kit.whole(400, 3000), kit.whole(1, 3), kit.whole(1, 6)
    shared, apart = kit.rng.normal(size=(2, rows, pairs))
    rest = kit.real(0.01, 0.04)
    twins = np.concatenate([shared, np.sqrt(1 - rest**2) * shared + rest * apart], axis=1)
    x = standard(np.concatenate([twins, kit.rng.normal(size=(rows, others))], axis=1)).astype(np.float32)
    signal = apart @ kit.rng.choice([-1.0, 1.0], pairs) / np.sqrt(pairs)
    share = kit.real(0.6, 1.0)
    y = np.sqrt(share) * signal + np.sqrt(1 - share) * shared[:, 0] + kit.real(0.02, 0.2) * kit.rng.normal(size=rows)
    if kit.chance(0.3):
        problem = Problem(x, (y > 0).astype(np.float32)[:, None], "binary", 1)
    else:
        problem = Problem(x, standard(y[:, None]).astype(np.float32), "regression", 1)
    binary = problem.task == "binary"
    layers = [] if kit.chance(0.4) else [kit.dense(kit.whole(8, 48), kit.pick("tanh", "relu"))]
    model = kit.stack(x.shape[1], *layers, kit.dense(1, "sigmoid" if binary else None))
    momentum = kit.pick(0.0, 0.0, 0.9)
    rate = kit.real(0.01, 0.05) * (0.3 if momentum else 1.0)
    kit.compile(model, "binary_crossentropy" if binary else "mse", kit.optimizer("SGD", rate, momentum=momentum))
    updates = kit.whole(300, 1200) // (6 if momentum else 1)
    kit.fit(model, x, problem.y, updates)
    words = f"rest {rest:.3f}, {pairs} pairs, {len(layers)} hidden, SGD {rate:.2g} {momentum}, {updates} updates"
    return Case(model, x, problem.y, f"{words}, {problem.task}")
