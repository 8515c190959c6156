"""Another learning rate, a falling one, another optimizer, no clipping."""

from collections.abc import Iterator

from mlpdoctor.core.finding import Finding
from mlpdoctor.core.text import listing
from mlpdoctor.treat.case import Case, Nothing, Proposal, Treatment, treatment
from mlpdoctor.treat.editing.edits import Compile, Decay, Edit
from mlpdoctor.treat.editing.model_queries import rate, size, told_number
from mlpdoctor.treat.treatments.fresh_weights import fresh


@treatment("H804", symptoms="G603", companion=7)
def decay_learning_rate(finding: Finding | None, case: Case) -> Iterator[Proposal]:
    """Lets the learning rate fall to nothing by the end of training.

    What it changes
        The rate alone: half a cosine from where it is down to zero, over as many updates as each run makes.
    Why it proves the cause
        Both sides make as many updates on the same batches. At a constant rate the last steps are as long as the
        first, and the loss stays above its valley by what they overshoot; what the treated side gains was that.
    Keeps
        The optimizer with its other options, all weights.
    Refuted by
        The treated loss ends no lower: the rate was no longer in the way, or the shorter steps did not get there.
    """
    del finding
    optimizer, now = case.network.optimizer, rate(case.network)
    if optimizer is None or now is None or now <= 0:
        yield Nothing("the file tells no learning rate to let fall")
        return
    if isinstance(optimizer.options.get("learning_rate"), dict):
        yield Nothing("the learning rate follows a schedule already")
        return
    yield Treatment(
        "decay-learning-rate",
        ("H804",),
        (Decay(),),
        "let the learning rate fall to nothing by the end",
        "learning_rate=keras.optimizers.schedules.CosineDecay(learning_rate, decay_steps=epochs * steps_per_epoch)",
    )


TENTH = 0.1


@treatment("G603 W301 H803 H804", symptoms="G602 U401")
def lower_learning_rate(finding: Finding | None, case: Case) -> Iterator[Proposal]:
    """Trains at a lower learning rate.

    What it changes
        The rate alone: the one at which the finding's own trial fell, or a tenth of the present one. Where the high
        rate has wrecked the weights they are re-initialised, for both sides.
    Why it proves the cause
        Both sides make as many updates on the same batches from the same weights.
    Keeps
        The optimizer with its other options.
    Refuted by
        The treated loss is no lower than the control's: the rate was not too high.
    """
    optimizer, now = case.network.optimizer, rate(case.network)
    if optimizer is None or now is None or now <= 0:
        yield Nothing("the file tells no learning rate to lower")
        return
    told = told_number(finding, "lower_rate")
    goal = told if told is not None and told < now else TENTH * now
    change = Compile("learning_rate", goal)
    text = f"train at a learning rate of {goal:.3g} instead of {now:.3g}"
    code = f"model.compile(optimizer=keras.optimizers.{optimizer.name}({goal:.3g}), loss=model.loss)"
    broken = case.found("W301") is not None
    if not broken:
        yield Treatment("lower-learning-rate", ("G603", "H803", "H804"), (change,), text, code)
    if finding is not None or broken:
        shared: tuple[Edit, ...] = fresh(case.network)
        if shared:
            anew = f"{text}, from fresh weights"
            yield Treatment(
                "lower-learning-rate", ("G603", "W301", "H803", "H804"), (*shared, change), anew, code, shared
            )


USUAL = {
    "SGD": 0.01, "Adagrad": 0.01, "Adadelta": 1.0, "RMSprop": 0.001, "Adam": 0.001, "AdamW": 0.001, "Nadam": 0.001,
    "Adamax": 0.001, "Ftrl": 0.01, "Lion": 1e-4, "Lamb": 0.001,
}  # fmt: skip
"""Rates that the optimizers work at; Keras's own defaults but for those of Adagrad, Adadelta and Ftrl, which crawl."""
SMALL_NETWORK = 10_000
"""Networks of fewer parameters stand ten times Adam's usual rate and need it where the budget is short."""
BRISK = {"Adam": 0.01, "AdamW": 0.01, "Nadam": 0.01, "Adamax": 0.01, "RMSprop": 0.003, "SGD": 0.05, "Adagrad": 0.05}
WORTH = 2.0
"""A rate that is not even doubled is the same rate."""


@treatment("G604 W306 H806 H808", symptoms="G607 G606 L504 L502 L506 G605 H802 H807", companion=1)
def raise_learning_rate(finding: Finding | None, case: Case) -> Iterator[Proposal]:
    """Trains at a higher learning rate.

    What it changes
        The rate alone: the one that the finding tried, or that it fell from; the optimizer's usual one, for small
        networks a brisk one.
    Why it proves the cause
        Both sides make as many updates on the same batches. The one at the higher rate gets further if the rate was
        what held the other.
    Keeps
        The optimizer with its other options, all weights.
    Refuted by
        The treated loss falls no faster than the control's, or is thrown about.
    """
    optimizer, now = case.network.optimizer, rate(case.network)
    name = "Adam" if optimizer is None else optimizer.name
    told = told_number(finding, "rate_tried") or told_number(finding, "from_rate")
    goals = dict.fromkeys(goal for goal in (told, usual(name, size(case.network))) if goal is not None)
    higher = [goal for goal in goals if now is None or goal >= WORTH * now]
    if not higher:
        yield Nothing(f"the learning rate, {now:g}, is not low for {name}")
    for goal in higher:
        yield Treatment(
            "raise-learning-rate",
            ("G604", "W306", "H806", "H808"),
            (Compile("learning_rate", goal),),
            f"train at a learning rate of {goal:.3g}" + ("" if now is None else f" instead of {now:.3g}"),
            f"model.compile(optimizer=keras.optimizers.{name}({goal:.3g}), loss=model.loss)",
        )


def usual(optimizer: str, parameters: int) -> float:
    """A rate that an optimizer works at on a network of so many parameters."""
    known = USUAL.get(optimizer, 0.001)
    return BRISK.get(optimizer, known) if parameters <= SMALL_NETWORK else known


LIMITS = ("clipnorm", "clipvalue", "global_clipnorm")


@treatment("G608", symptoms="G604 G607")
def stop_clipping(finding: Finding | None, case: Case) -> Iterator[Proposal]:
    """Takes the limits off the gradients.

    What it changes
        clipnorm, clipvalue and global_clipnorm of the optimizer.
    Why it proves the cause
        Nothing else differs: what the treated side gains, the clipping had taken.
    Keeps
        The optimizer, its rate, all weights.
    Refuted by
        The treated loss falls no faster than the control's, or blows up: the limits were needed.
    """
    del finding
    optimizer = case.network.optimizer
    given = [name for name in LIMITS if optimizer is not None and optimizer.options.get(name)]
    if not given or optimizer is None:
        yield Nothing("no gradient is clipped")
        return
    edits: tuple[Edit, ...] = tuple(Compile(name, None) for name in given)
    rate = "" if optimizer.learning_rate is None else f"{optimizer.learning_rate:g}"
    yield Treatment(
        "stop-clipping",
        ("G608",),
        edits,
        f"train without {listing(given)}",
        f"model.compile(optimizer=keras.optimizers.{optimizer.name}({rate}), loss=model.loss)",
    )


SAME = frozenset({"Adam", "AdamW", "Nadam", "Adamax"})


@treatment("G605", symptoms="G606 G607 G601 G603 G604 L501 L502 L504 L506 H806 H804", companion=2)
def use_adam(finding: Finding | None, case: Case) -> Iterator[Proposal]:
    """Trains with Adam.

    What it changes
        The optimizer, with its rate: Adam at 0.001, 0.01 for small networks.
    Why it proves the cause
        Adam divides each gradient by its size, so that directions along which the loss is flat are no longer left
        behind. Where the same number of its updates gets further, the steps were what held the loss.
    Keeps
        All weights, the architecture, the loss.
    Refuted by
        The treated loss falls no faster than the control's.
    """
    del finding
    optimizer = case.network.optimizer
    if optimizer is None or optimizer.name in SAME:
        yield Nothing("the model is trained with Adam, or one of its kin, already")
        return
    rate = usual("Adam", size(case.network))
    value = {
        "module": "keras.optimizers",
        "class_name": "Adam",
        "config": {"learning_rate": rate},
        "registered_name": None,
    }
    yield Treatment(
        "use-adam",
        ("G605",),
        (Compile("optimizer", value),),
        f"train with Adam at {rate:g} instead of {optimizer.name}",
        f"model.compile(optimizer=keras.optimizers.Adam({rate:g}), loss=model.loss)",
    )
