"""What all trials come to, in a sentence or two."""

import math

from mlpdoctor.course import Course, Memory, Trial, Verdict
from mlpdoctor.finding import Severity
from mlpdoctor.trials.scale import bottom_of
from mlpdoctor.wording import count, short


def conclusion(course: Course) -> str:
    """The answer to what would move the loss."""
    if course.nothing_to_gain:
        return (
            f"There is nothing to cure: the saved model's loss, {short(course.before)}, is as low as these data allow."
        )
    if course.best is not None:
        return f"{_cured(course.best)}{_by_heart_too(course)}"
    if course.train_on:
        known = any(
            finding.severity is not Severity.NOTE and finding.suppressed is None for finding in course.report.findings
        )
        more = (
            "" if known else " No finding explains that: the training stopped too early or did something else than fit."
        )
        return (
            "Nothing needs to be changed but the length of training: with it alone the loss goes from "
            f"{short(course.before)} to {short(course.control.median)}.{more}"
        )
    fresh = course.fresh
    if fresh is not None and fresh.verdict is Verdict.CONFIRMED:
        return (
            "The model can, the training did not: the same network from new weights, compiled with Adam at 0.001, "
            f"goes to {short(fresh.treated.median)}, where the saved one trained on ends at "
            f"{short(fresh.control.median)}. The fault is in your training code, callbacks or data pipeline."
        )
    return f"{_nothing(course)}{_by_heart(course.memory)}"


def _by_heart_too(course: Course) -> str:
    """What a loss below the noise means: the rows themselves may have been learned, and rows alone cannot tell."""
    ladder, best = course.report.ladder, course.best
    noise = None if ladder is None else ladder.rung("noise")
    if ladder is None or noise is None or best is None or best.judged_by != ladder.loss:
        return ""
    if best.treated.median >= bottom_of(ladder):
        return ""
    estimate = short(noise.value, 2) if noise.error is None else f"{short(noise.value, 2)} ± {short(noise.error, 2)}"
    return (
        f" That is less than the noise that these rows seem to hold ({estimate}): before you rely on it, judge it on "
        "rows that it was not trained on."
    )


def _nothing(course: Course) -> str:
    many = len(course.trials) + len(course.combinations)
    if course.interrupted:
        return f"Interrupted: {count(many, 'change')} tried by then, none confirmed."
    if not many:
        return "There was nothing to try."
    if many == 1:
        return "The one change tried did not lower the loss clearly."
    return f"None of the {many} changes tried lowered the loss clearly."


def _by_heart(memory: Memory | None) -> str:
    if memory is None:
        return ""
    rows = count(memory.rows, "row")
    if memory.learned:
        return (
            f" Made anew the network learns {rows} by heart, so that gradients do pass its layers: what is left needs "
            "more capacity, more training, or inputs that say more."
        )
    return (
        f" Made anew it cannot even learn {rows} by heart ({short(memory.reached)}, where a constant has "
        f"{short(memory.constant)}): the fault is in its layers or its loss."
    )


def _cured(best: Trial) -> str:
    what = best.text[0].upper() + best.text[1:]
    start = "" if best.before is None or not math.isfinite(best.before) else f" from {short(best.before)}"
    where = f", {best.rung}" if best.rung else ""
    runs = f"median of {count(len(best.treated.losses), 'run')} of {count(best.updates, 'update')}"
    also = ", with weights drawn anew as well," if best.drawn_anew else ""
    without = "cannot be done"
    if math.isfinite(best.control.median):
        without = f"ends at {short(best.control.median)}"
    return (
        f"{what}: that takes the {best.judged_by}{start} to {short(best.treated.median)}{where} ({runs}). "
        f"The same training without {'it' if len(best.names) == 1 else 'them'}{also} {without}."
    )
