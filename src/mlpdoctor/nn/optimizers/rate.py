"""The learning rate in force: fixed, by a schedule, or with the decay that optimizers had before Keras 2.11."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mlpdoctor.core.network import Config, Optimizer
from mlpdoctor.nn.layers.family import number


def rate_now(optimizer: Optimizer) -> float | None:
    """The rate of the next update; None where the file does not tell, or its schedule cannot be followed."""
    return rate_at(optimizer, optimizer.iterations or 0)


def rate_at(optimizer: Optimizer, updates: int) -> float | None:
    """The rate after so many updates, if nothing but a schedule or decay has changed it since."""
    schedule, config = schedule_of(optimizer)
    if schedule is not None:
        # Schedules count batches; the last of those whose gradients are gathered is the one that makes the update.
        batches = int(number(optimizer.options.get("gradient_accumulation_steps"), 1)) or 1
        return _at(schedule, config, (updates + 1) * batches - 1)
    if optimizer.learning_rate is None:
        return None
    return optimizer.learning_rate / (1 + _decay(optimizer) * updates)


def highest_rate(optimizer: Optimizer) -> float | None:
    """The learning rate: the one saved or, where a schedule had brought it lower, the one compiled."""
    compiled = optimizer.options.get("learning_rate")
    if isinstance(compiled, Mapping):
        config = compiled.get("config")
        compiled = config.get("initial_learning_rate") if isinstance(config, Mapping) else None
    rates = [rate for rate in (optimizer.learning_rate, compiled) if isinstance(rate, int | float)]
    return float(max(rates)) if rates else None


def schedule_of(optimizer: Optimizer) -> tuple[str | None, Config]:
    """The class name of the schedule and its options; None without one."""
    spec = _spec(optimizer)
    if not isinstance(spec, dict) or "class_name" not in spec or not isinstance(spec.get("config"), dict):
        return None, {}
    if "value" in spec["config"]:
        return None, {}
    return str(spec["class_name"]).rpartition(">")[2], spec["config"]


def at_rate(optimizer: Optimizer, rate: float) -> Optimizer:
    """The same optimizer, in the same state, with a fixed rate."""
    options = {key: value for key, value in optimizer.options.items() if key != "lr"}
    if _decay(optimizer):
        options["decay"] = 0.0  # stays in sight, for it tells the class from before Keras 2.11
    return replace(optimizer, learning_rate=rate, options={**options, "learning_rate": rate})


def _spec(optimizer: Optimizer) -> Any:  # noqa: ANN401  JSON
    return optimizer.options.get("learning_rate", optimizer.options.get("lr"))


def _decay(optimizer: Optimizer) -> float:
    """The ``decay`` of old classes; Nadam's is the pace of its momentum instead."""
    return 0.0 if optimizer.name == "Nadam" else number(optimizer.options.get("decay"), 0.0)


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
