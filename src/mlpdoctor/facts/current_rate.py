"""The learning rate at the time of saving, of schedules too."""

import math
from dataclasses import dataclass
from typing import Any

from mlpdoctor.fact import Absent, fact
from mlpdoctor.layers.configured import number
from mlpdoctor.network import Config, Network


@dataclass(frozen=True)
class CurrentRate:
    """The learning rate that the next update would have.

    Attributes:
        rate: its value.
        compiled: the rate that training started with, as far as the file tells; Keras 3 saves the current rate in its
            place when there is no schedule.
        schedule: the class name of the schedule, None without one.
    """

    rate: float
    compiled: float
    schedule: str | None


@fact
def current_rate(network: Network) -> CurrentRate | Absent:
    """Read it, or work it out from the schedule and the number of updates."""
    optimizer = network.optimizer
    if optimizer is None:
        return Absent("the model was saved without an optimizer", applicable=False)
    spec = optimizer.options.get("learning_rate", optimizer.options.get("lr"))
    schedule, config = _schedule(spec)
    if schedule is not None:
        rate = _at(schedule, config, optimizer.iterations or 0)
        start = _at(schedule, config, 0)
        if rate is None or start is None:
            return Absent(f"the schedule {schedule} is not one of Keras's that can be followed")
        return CurrentRate(rate, max(start, rate), schedule)
    if optimizer.learning_rate is None:
        return Absent("the file does not tell the learning rate", applicable=False)
    compiled = number(spec, optimizer.learning_rate) if isinstance(spec, int | float) else optimizer.learning_rate
    return CurrentRate(optimizer.learning_rate, compiled, None)


def _schedule(spec: Any) -> tuple[str | None, Config]:  # noqa: ANN401  JSON
    if not isinstance(spec, dict) or "class_name" not in spec or not isinstance(spec.get("config"), dict):
        return None, {}
    if "value" in spec["config"]:
        return None, {}
    return str(spec["class_name"]).rpartition(">")[2], spec["config"]


def _at(schedule: str, config: Config, step: int) -> float | None:
    """The rate of a schedule of Keras's, ``keras/src/optimizers/schedules/learning_rate_schedule.py``."""
    start = number(config.get("initial_learning_rate"), math.nan)
    steps = number(config.get("decay_steps"), math.nan)
    if schedule == "PiecewiseConstantDecay":
        bounds, values = config.get("boundaries"), config.get("values")
        if not isinstance(bounds, list) or not isinstance(values, list) or len(values) != len(bounds) + 1:
            return None
        return float(values[sum(step > bound for bound in bounds)])
    if not (math.isfinite(start) and steps > 0):
        return None
    done = step / steps
    whole = math.floor(done) if config.get("staircase") else done
    if schedule == "ExponentialDecay":
        return start * math.pow(number(config.get("decay_rate"), 1.0), whole)
    if schedule == "InverseTimeDecay":
        return start / (1 + number(config.get("decay_rate"), 0.0) * whole)
    if schedule == "PolynomialDecay":
        end = number(config.get("end_learning_rate"), 1e-4)
        left = 1 - min(done, 1.0) if not config.get("cycle") else 1 - done / max(math.ceil(done), 1)
        return (start - end) * math.pow(left, number(config.get("power"), 1.0)) + end
    if schedule == "CosineDecay":
        return _cosine(config, start, step, steps)
    return None


def _cosine(config: Config, start: float, step: int, steps: float) -> float:
    alpha, warm = number(config.get("alpha"), 0.0), number(config.get("warmup_steps"), 0.0)
    target = config.get("warmup_target")
    if target is None:
        done = min(step / steps, 1.0)
        return start * ((1 - alpha) * 0.5 * (1 + math.cos(math.pi * done)) + alpha)
    top = number(target, start)
    if step < warm:
        return start + (top - start) * step / warm
    done = min((step - warm) / steps, 1.0)
    return top * ((1 - alpha) * 0.5 * (1 + math.cos(math.pi * done)) + alpha)
