"""Patients of family A: faults one could read in the code that builds the model."""

from cases.kit import Case, Kit, Model, Problem, Table
from cases.registry import patient


def _finish(kit: Kit, problem: Problem, layers: list[Model], words: str, *states: str, updates: int = 800) -> Case:
    head = kit.head(problem)
    model = kit.stack(problem.x.shape[1], *layers, kit.dense(problem.width, head.activation))
    kit.compile(model, head.loss, metrics=head.metrics)
    state = kit.trained(model, problem.x, head.y, *states, updates=updates)
    return kit.costs(Case(model, problem.x, head.y, f"{words}, {problem.task}, {state}"), problem)


def _bent(kit: Kit) -> Problem:
    """A problem that a line cannot solve."""
    if kit.chance(0.6):
        return kit.regression(bend=kit.rng.uniform(0.5, 0.95), features=kit.whole(1, 12))
    features = kit.whole(2, 12)
    return kit.binary(bend=0.8, features=features) if kit.chance(0.5) else kit.classes(features=features)


@patient("A101")
def no_activation(kit: Kit) -> Case:
    """Dense layers as Keras makes them when nobody names an activation, with the usual things between."""
    between = kit.pick("nothing", "dropout", "norm", "linear")
    layers: list[Model] = []
    for _ in range(kit.whole(1, 4)):
        layers.append(kit.dense(kit.whole(8, 128), "linear" if between == "linear" else None))
        if between == "dropout":
            layers.append(kit.layers.Dropout(0.1))
        if between == "norm":
            layers.append(kit.layers.BatchNormalization(momentum=0.9))
    return _finish(
        kit, _bent(kit), layers, f"no activation anywhere, {between} between", "untrained", "half", "trained"
    )


@patient("A102", aliases={"A101": "two linear layers in a row do collapse; the narrow one sets the rank"})
def narrow_linear(kit: Kit) -> Case:
    """A linear layer too narrow for what has to pass: several targets squeezed through one or two units."""
    outputs = kit.whole(4, 8)
    problem = kit.regression(outputs=outputs, features=kit.whole(6, 20), noise=0.1, rows=kit.whole(400, 2000))
    narrow = kit.whole(1, 2)
    layers = [*kit.hidden(depth=kit.whole(1, 2), width=kit.whole(16, 64), extras=False), kit.dense(narrow)]
    return _finish(kit, problem, layers, f"{outputs} targets through {narrow} linear units", "half", "trained")


@patient("A103")
def frozen(kit: Kit) -> Case:
    """Layers frozen for transfer learning whose weights were never loaded, or a whole model frozen by mistake."""
    problem = _bent(kit)
    head = kit.head(problem)
    body = kit.hidden(depth=kit.whole(1, 3), width=kit.whole(4, 16), narrowest=4, extras=False)
    last = kit.dense(problem.width, head.activation)
    how = kit.pick("body", "body", "nested body", "all", "all but one in the middle")
    if how == "nested body":
        layers = [kit.keras.Sequential([kit.keras.Input((problem.x.shape[1],)), *body]), last]
        layers[0].trainable = False
    else:
        layers = [*body, last]
        for layer in body if how == "body" else layers:
            layer.trainable = False
        if how.startswith("all but"):
            layers[0].trainable = True
            body[0].trainable = len(body) == 1
    model = kit.stack(problem.x.shape[1], *layers)
    kit.compile(model, head.loss, metrics=head.metrics)
    if how == "all":
        model.optimizer.build(model.trainable_variables)
        model.optimizer.iterations.assign(kit.whole(100, 5000))
        return Case(model, problem.x, head.y, f"everything frozen, {problem.task}")
    state = kit.trained(model, problem.x, head.y, "half", "trained")
    return kit.costs(Case(model, problem.x, head.y, f"frozen: {how}, {problem.task}, {state}"), problem)


@patient("A104")
def much_dropout(kit: Kit) -> Case:
    """Dropout meant well: 70 % and more in narrow layers, or right before the answer of a regression."""
    problem = kit.regression(features=kit.whole(1, 10)) if kit.chance(0.7) else _bent(kit)
    rate = kit.rng.uniform(0.65, 0.9)
    layers: list[Model] = []
    for _ in range(kit.whole(1, 3)):
        layers += [kit.dense(kit.whole(4, 32), kit.activation()), kit.layers.Dropout(rate)]
    head = kit.head(problem)
    model = kit.stack(problem.x.shape[1], *layers, kit.dense(problem.width, head.activation))
    kit.compile(model, head.loss, kit.optimizer("Adam", kit.pick(0.001, 0.01)), head.metrics)
    state = kit.trained(model, problem.x, head.y, "half", "trained")
    return kit.costs(Case(model, problem.x, head.y, f"dropout {rate:.2f}, {problem.task}, {state}"), problem)


@patient("A105")
def softmax_inside(kit: Kit) -> Case:
    """Softmax as a hidden activation, copied from the last layer."""
    width = kit.whole(8, 64)
    how = kit.pick("dense", "activation", "layer")
    layers: list[Model] = []
    for _ in range(kit.whole(1, 3)):
        layers.append(kit.dense(width, "softmax" if how == "dense" else None))
        if how != "dense":
            layers.append(kit.layers.Activation("softmax") if how == "activation" else kit.layers.Softmax())
    if kit.chance(0.4):
        layers = [*kit.hidden(depth=1, extras=False), *layers]
    return _finish(kit, _bent(kit), layers, f"hidden softmax as {how}")


@patient("A106")
def cut_off(kit: Kit) -> Case:
    """An input nobody wired, a factor 1 // 255 = 0, or a stop_gradient between body and head."""
    problem = _bent(kit)
    head = kit.head(problem)
    features = problem.x.shape[1]
    last = kit.dense(problem.width, head.activation)
    how = kit.pick("zero factor", *(("unused input", "stopped gradient") if kit.is_3 and features > 1 else ()))
    body = kit.hidden(extras=False, depth=kit.whole(1, 2))
    inputs: Model
    if how == "unused input":
        left = kit.whole(1, features - 1)
        inputs = [kit.keras.Input((left,)), kit.keras.Input((features - left,))]
        here = inputs[0]
    else:
        inputs = here = kit.keras.Input((features,))
    if how == "zero factor":
        here = kit.layers.Rescaling(float(1 // 255))(here)
    for layer in body:
        here = layer(here)
    if how == "stopped gradient":
        here = kit.keras.ops.stop_gradient(here)
    model = kit.compile(kit.keras.Model(inputs, last(here)), head.loss, metrics=head.metrics)
    x: Table = problem.x
    if how == "unused input":
        shown: Model = [x[:, : inputs[0].shape[1]], x[:, inputs[0].shape[1] :]]
    else:
        shown = x
    state = kit.trained(model, shown, head.y)
    return kit.costs(Case(model, x, head.y, f"{how}, {problem.task}, {state}"), problem, shown)


@patient("A107")
def deep_sigmoids(kit: Kit) -> Case:
    """Sigmoid upon sigmoid as in the old books, or many tanh layers with RandomNormal(0.05)."""
    problem = _bent(kit)
    head = kit.head(problem)
    width = kit.whole(6, 64)
    if kit.chance(0.75):
        depth, activation, start = kit.whole(6, 12), "sigmoid", kit.pick("glorot_uniform", "random_normal")
    else:
        depth, activation, start = kit.whole(10, 16), "tanh", "random_normal"
    layers = [kit.dense(width, activation, kernel_initializer=start) for _ in range(depth)]
    model = kit.stack(problem.x.shape[1], *layers, kit.dense(problem.width, head.activation))
    optimizer = kit.optimizer("SGD", 0.01) if kit.chance(0.5) else kit.optimizer("Adam", 0.001)
    kit.compile(model, head.loss, optimizer, head.metrics)
    state = kit.trained(model, problem.x, head.y, updates=600)
    words = f"{depth} x {activation}, {start}, {problem.task}, {state}"
    fading = {"W303": "a spread of 0.05 is why the signal fades from layer to layer"}
    aliases = fading if start == "random_normal" else {}
    return kit.costs(Case(model, problem.x, head.y, words, aliases), problem)
