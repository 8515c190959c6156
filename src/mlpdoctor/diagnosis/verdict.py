"""One plain sentence that answers the user's question."""

import math

from mlpdoctor.analysis.curves.level import FEWEST
from mlpdoctor.core.check import Absent
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Finding, Severity
from mlpdoctor.core.history_summary import HistorySummary, Reached, Search
from mlpdoctor.core.ladder import DIGITS, Ladder
from mlpdoctor.core.text import agreeing_digits, are, count, named, percent, printed, short
from mlpdoctor.diagnosis.standing_words import NOTHING, little, place
from mlpdoctor.facts.ladder.entropy_words import entropy_first
from mlpdoctor.facts.ladder.generalisation import Generalisation
from mlpdoctor.facts.ladder.loss_position import LossPosition

ROUNDED = 1e-6
"""And one that is no square: the rounding of a float32 itself, and not its square."""
ALL_IS_WELL = ("L508",)
"""Rules that answer the question although they are notes: there is nothing to fix."""
FROM_THE_CURVE = ("H803", "H807", "H808", "H804", "H806", "H801")
"""Rules that tell what the training curve did: that comes first, in the numbers of who saw it."""
CRAWLS = "H806"
"""That of them which tells how far a curve has to go."""


@dataclass(frozen=True)
class Scope:
    """How much of what there is to see the verdict is about.

    Attributes:
        checks: that were run.
        of: checks there are.
        hidden: findings that are not to be reported.
        general: how the model does on unseen rows; None where that is not known.
        broken: the rules that say the model computes nothing at all.
        copies: whether the targets are features, each in its own units, as in an autoencoder.
    """

    checks: int
    of: int
    hidden: tuple[Finding, ...] = ()
    general: Generalisation | None = None
    broken: tuple[str, ...] = ()
    copies: bool = False

    @property
    def grave(self) -> int:
        """How many of the hidden findings are more than notes."""
        return sum(finding.severity is not Severity.NOTE for finding in self.hidden)

    def well(self, *, by_heart: bool) -> str:
        """That the model does well, as far as was looked; nothing of the kind where somebody hides what was found."""
        if self.grave:
            return f"{self.nothing()}."
        by = "" if self.checks == self.of else f", as far as {count(self.checks, 'rule')} of {self.of} can tell"
        general = self.general
        if general is None:
            return f"Looks healthy on these rows{by}; it may know them by heart." if by_heart else f"Looks healthy{by}."
        rows = general.ladder.rows
        unseen = count(rows, "unseen row")
        if general.as_well:
            return f"Looks healthy{by}, on {unseen} too."
        if not general.enough:
            return f"Looks healthy on these rows{by}; {unseen} {are(rows)} too few to tell more."
        return f"Looks healthy on these rows{by}; on {unseen} the loss is {short(general.model, 3)}."

    def nothing(self) -> str:
        """That no cause was found, by whom, and apart from what."""
        but = f"Apart from {count(self.grave, 'suppressed finding')}, nothing" if self.grave else "Nothing"
        by = "" if self.checks == self.of else f" by the {count(self.checks, 'rule')} asked, of {self.of},"
        return f"{but} was found{by} that keeps this model from training"


BY_HEART = ("D710", "H805")
BESIDE_THE_LINE = "L504"
STRAIGHT = {"best straight line", "best plane", "best linear fit", "best robust line"}
LINEAR = "The targets are an exactly linear function of the features, and one Dense layer without activation fits them."
WHOLE = Scope(0, 0)
"""All rules were asked and nothing is hidden."""


def verdict(
    findings: tuple[Finding, ...], ladder: Ladder | Absent, position: LossPosition | None, scope: Scope = WHOLE
) -> str:
    """What the report says first: the leading finding's own answer, that all is well, or where the model stands.

    In front of it comes what the training curve did, or else that the model is broken, where a finding says so that
    does not lead itself.
    """
    leading = next((finding for finding in findings if finding.severity is not Severity.NOTE), None)
    model = None if isinstance(ladder, Absent) else ladder.value("model")
    first = _said_by(FROM_THE_CURVE, findings, leading, model) or _said_by(scope.broken, findings, leading)
    worse = leading is not None or any(finding.code == BESIDE_THE_LINE for finding in findings)
    if first is None and worse and not scope.copies and _linear(findings, ladder):
        first = LINEAR
    answer = _answer(findings, leading, ladder, position, scope)
    return answer if first is None else f"{first} {answer}"


def _of_search(search: Search) -> str:
    """What the trials of a search come to: from where to where, and what decides."""
    best, worst = search.rows[0].score, search.rows[-1].score
    told = f"The {count(len(search.rows), 'trial')} {'ends' if len(search.rows) == 1 else 'end'}"
    ends = f"at {short(best)}" if best == worst else f"between {short(best)} and {short(worst)}"
    sure = [one for one in search.follows if one.sure]
    if not sure:
        return f"{told} {ends}; no hyperparameter alone decides which."
    first = sure[0]
    way = "grows" if first.correlation > 0 else "falls"
    return f"{told} {ends}; the score {way} with {first.name} (rank correlation {first.correlation:.2f})."


def _linear(findings: tuple[Finding, ...], ladder: Ladder | Absent) -> bool:
    """Whether a line goes through all rows, which are more than any line does."""
    if isinstance(ladder, Absent):
        return False
    line, constant = ladder.rung("affine"), ladder.value("constant")
    if line is None or constant is None or line.label not in STRAIGHT:  # classes are another matter
        return False
    few = any(f.code in BY_HEART and f.evidence.numbers.get("linear_fits_exactly") for f in findings)
    nothing = ROUNDED if "absolute" in ladder.loss else NOTHING
    return not few and line.value - ladder.perfect <= nothing * (constant - ladder.perfect)


def curve_verdict(
    findings: tuple[Finding, ...], history: HistorySummary, ladder: Ladder | None = None, *, with_data: bool
) -> str:
    """What the report on a training history alone says first: what the curve did, and what that means."""
    leading = next((finding for finding in findings if finding.severity is not Severity.NOTE), None)
    if leading is None:
        leading = next((finding for finding in findings if finding.evidence.verdict is not None), None)
    if leading is not None:
        curve = _said_by(FROM_THE_CURVE, findings, leading)
        return _led(leading) if curve is None or curve == _led(leading) else f"{curve} {_led(leading)}"
    if history.plateau is None and history.search is not None:
        return _of_search(history.search)
    more = "" if with_data else " With its data (--data data.csv) mlpdoctor tells what that loss is."
    plateau = history.plateau
    if plateau is None:
        logged = len(history.traces[0].values) if history.traces else 0
        if 0 < logged < FEWEST:
            told = f"{count(logged, 'logged value')} {are(logged)} too few"
            return f"{told} to tell whether the loss has stopped falling; give a log of {FEWEST} or more.{more}"
        return f"The curve alone shows nothing that keeps the loss up.{more}"
    starts = {
        "heading": "The training loss still falls, and heads for",
        "reached": "The training loss hardly falls any more, and has come to",
        "trials": "All trials stop at",
    }
    level = printed(plateau.value, history.decimals)
    place = "" if ladder is None or plateau.rungs else _between_rungs(plateau.value, ladder)
    perhaps = _perhaps(plateau.perhaps[0]) if plateau.perhaps and not plateau.rungs else ""
    return f"{starts.get(plateau.source, 'The loss stops at')} {level}{place}.{perhaps}{more}"


def _perhaps(rung: Reached) -> str:
    """That a loss is near a rung, as too many losses are."""
    return (
        f" That may be the loss of {named(rung.label)}, {short(rung.logged)}, or chance: {percent(rung.chance)} of all "
        "losses are as near to a rung; more digits would tell."
    )


def _between_rungs(value: float, ladder: Ladder) -> str:
    """Between which rungs a loss is that is on none."""
    added = 0.0 if ladder.penalty is None else ladder.penalty.total
    rungs = [rung for rung in ladder.rungs if rung.name in ("constant", "affine")]
    above = [rung for rung in rungs if value < rung.value + added]
    below = [rung for rung in rungs if value >= rung.value + added]
    over = f"{named(above[-1].label)}, {short(above[-1].value)}" if above else ""
    under = f"{named(below[0].label)}, {short(below[0].value)}" if below else ""
    if over and under:
        return f", between {under}, and {over}"
    if under:
        return f", above {under}"
    return f", below {over}; these data allow {short(ladder.value('data') or 0.0)}" if over else ""


def _said_by(
    codes: tuple[str, ...], findings: tuple[Finding, ...], leading: Finding | None, model: float | None = None
) -> str | None:
    """The verdict of the first of these rules that has one.

    None where none has, where one of them leads, or where it follows from what leads and names the loss that the
    model has: that is said already.
    """
    told = [f for code in codes for f in findings if f.code == code and f.evidence.verdict is not None]
    if not told or (leading is not None and leading.code in codes):
        return None
    follows = leading is not None and _follows(told[0], leading, findings)
    if follows and (told[0].code == CRAWLS or told[0].evidence.numbers.get("source") == "heading"):
        return None  # where the curve might come to one day tells nothing once it is known what is wrong
    level = told[0].evidence.numbers.get("rung_loss")
    same = model is not None and isinstance(level, float) and agreeing_digits(level, model) >= DIGITS
    return None if follows and same else told[0].evidence.verdict


def _follows(finding: Finding, leading: Finding, findings: tuple[Finding, ...]) -> bool:
    """Whether a finding is a consequence of the leading one, or of one that is."""
    because = {one.code: one.because_of for one in reversed(findings)}
    code: str | None = finding.because_of
    while code is not None and code != leading.code:
        code = because.get(code)
    return code is not None


def _led(leading: Finding) -> str:
    """The answer of the finding that leads."""
    return leading.evidence.verdict or f"{leading.message[0].upper()}{leading.message[1:]}."


def _answer(
    findings: tuple[Finding, ...],
    leading: Finding | None,
    ladder: Ladder | Absent,
    position: LossPosition | None,
    scope: Scope,
) -> str:
    if leading is not None:
        entropy, led = "" if position is None else entropy_first(position), _led(leading)
        return led if led.startswith(entropy) else entropy + led
    good = next((finding for finding in findings if finding.code in ALL_IS_WELL), None)
    if good is None:
        good = next((finding for finding in findings if finding.evidence.numbers.get("as_with_class_weights")), None)
    if good is not None and good.evidence.verdict is not None and not scope.grave:
        return good.evidence.verdict
    if isinstance(ladder, Absent):
        return f"{scope.nothing()}, as far as can be told without its loss on data."
    model = ladder.value("model")
    if position is None or model is None or not math.isfinite(model):
        return f"{scope.nothing()}."
    if not position.trained:
        beat = ladder.rung("affine") or ladder.rungs[0]
        beaten = f"the loss to beat is {short(beat.value, 3)} ({named(beat.label)})"
        return f"{scope.nothing()}. It has not been trained yet; {beaten}."
    # On targets that a constant predicts perfectly there was nothing to do well.
    well = position.near and position.constant > position.perfect
    by_heart = any(one.code in BY_HEART and one.evidence.numbers.get("restored") is None for one in findings)
    rest = little(position) if well else ""
    return f"{scope.well(by_heart=by_heart) if well else f'{scope.nothing()}.'} {place(ladder, model)}{rest}"
