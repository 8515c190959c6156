"""The whole story on one screen: open, stream, work out facts, run checks, rank, report."""

import dataclasses
import time
from collections.abc import Iterable, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from mlpdoctor import checks as check_package
from mlpdoctor import facts as fact_package
from mlpdoctor.core import random_state, threads
from mlpdoctor.core.check import Absent, Check, Fact
from mlpdoctor.core.dataset import Dataset, SinglePrecision
from mlpdoctor.core.discovery import declared
from mlpdoctor.core.errors import UsageError
from mlpdoctor.core.finding import Hide, marked, nothing
from mlpdoctor.core.history import History
from mlpdoctor.core.ladder import Ladder
from mlpdoctor.core.network import Network
from mlpdoctor.core.report_model import MODEL, Report, legible_parts
from mlpdoctor.core.threads import RowsRead
from mlpdoctor.diagnosis.lead_trial import lead_tried
from mlpdoctor.diagnosis.question import Question
from mlpdoctor.diagnosis.rank import agreed, broken, joined_in, rank, ruled_out
from mlpdoctor.diagnosis.resolve import FactResolver, fact_types, statistics_behind
from mlpdoctor.diagnosis.run_checks import run
from mlpdoctor.diagnosis.shared_data import SharedData, Sharing
from mlpdoctor.diagnosis.subject import Subject, opened
from mlpdoctor.diagnosis.summary import summarise_data, summarise_history, summarise_model
from mlpdoctor.diagnosis.verdict import Scope, curve_verdict, verdict
from mlpdoctor.engine.engine_choice import NUMPY, Following, follow, in_numpy
from mlpdoctor.engine.passes import Passes, block_rows
from mlpdoctor.engine.stream import collect
from mlpdoctor.facts.ladder.generalisation import Generalisation, Unseen
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.outputs.contract import Contract
from mlpdoctor.facts.outputs.leaks import Leaks
from mlpdoctor.nn.heads import heads_of
from mlpdoctor.nn.saved_options import casts_data
from mlpdoctor.statistics.affine_factor import TargetFactor
from mlpdoctor.statistics.losses_and_targets import TargetValues
from mlpdoctor.statistics.moments import CellCounts
from mlpdoctor.statistics.rows import RowSample

if TYPE_CHECKING:
    from mlpdoctor.readers.tables.held_out import HeldOut

WITHOUT_CODE = Following()
"""NumPy where it can, Keras where it must, and nothing of the user's own is run."""
ON_A_CURVE = "H"
"""The family of rules on training histories."""
NO_MODEL = "no model was given"
OF_KERAS = "Keras"
"""What the format of a model begins with whose remedies are lines of Keras, as the checks write them."""


def diagnose(
    question: Question,
    *,
    stdin: BinaryIO | None = None,
    progress: RowsRead | None = None,
    checks: Sequence[Check] | None = None,
    hide: Hide = nothing,
    subject: Subject | None = None,
    pictures: bool = False,
    sharing: Sharing | None = None,
) -> Report:
    """Answer the question.

    Args:
        question: what to look at.
        stdin: where data come from when their path is ``-``.
        progress: told the number of rows read, and about how many there are, now and then.
        checks: those to run; None for all that apply. What only the others need is not computed.
        hide: why a finding is kept out of the verdict; it comes last in the report, with the reason.
        subject: what the question names, where that has been opened already.
        pictures: whether to gather what the figures of a page show.
        sharing: what is known of data that other models are asked about as well, to be used and added to.

    Raises:
        InputError: when the model or the data cannot be used.
    """
    given = question.model is not None
    subject = opened(question, stdin) if subject is None else subject
    dataset, history = subject.dataset, subject.history
    shared = None if sharing is None else sharing.of(question, dataset)
    started = time.perf_counter()
    every = all_checks() if given else curve_checks()
    chosen = every if checks is None else checks
    following = Following(question.engine, question.custom_objects, subject.live) if given else Following(NUMPY)
    # What overflows is a finding; a warning of NumPy's would reach nobody who can do anything about it.
    with threads.one(), random_state.shifted(question.seed), np.errstate(all="ignore"):
        also: tuple[type[Any], ...] = _pictures().NEEDS if pictures else ()
        resolver = examine(subject.network, dataset, chosen, progress, following, history, also, subject.unseen, shared)
        if not given:
            resolver.no_forward = NO_MODEL
        resolver.quick = question.quick
        found, outcomes = run(chosen, resolver)
        findings = marked(found, hide)
        rules = {one.rule.code: one.rule for one in (*every, *chosen)}
        joined = joined_in(resolver.network)
        shown = rank((finding for finding in findings if finding.suppressed is None), rules, joined)
        hidden = rank((finding for finding in findings if finding.suppressed is not None), rules, joined)
        where = resolver.get(LossPosition)
        position = None if isinstance(where, Absent) else where
        shown = agreed(lead_tried(shown, resolver), healthy=position is not None and position.near)
        ladder = resolver.get(Ladder)
        known = None if isinstance(ladder, Absent) else ladder
        beside = resolver.get(Generalisation)
        general = None if isinstance(beside, Absent) else beside
        told = None if history is None else summarise_history(history, resolver)
        if told is not None and not given:
            said = curve_verdict(shown, told, known, with_data=dataset is not None)
        else:
            found = resolver.get(Leaks)
            copies = not isinstance(found, Absent) and found.copies
            said = verdict(
                shown, ladder, position, Scope(len(chosen), len(every), hidden, general, broken(rules), copies)
            )
        data = None
        if dataset is not None:
            data = summarise_data(dataset, resolver.get(CellCounts), resolver.get(Contract))
        gathered = _pictures().pictures(resolver) if pictures else None
    took = {"read": subject.seconds, "examine": time.perf_counter() - started}
    report = Report(
        model=summarise_model(resolver.network, resolver.no_forward) if given else None,
        data=data,
        verdict=said,
        ladder=known,
        no_ladder=ladder.reason if isinstance(ladder, Absent) else None,
        findings=(*shown, *hidden),
        ruled_out=ruled_out((*shown, *hidden), outcomes, rules),
        outcomes=tuple(outcomes),
        seconds={**took, **resolver.seconds},
        history=told,
        unseen=None if general is None else general.ladder,
        asked=question.asked,
        pictures=gathered,
    )
    if given and not resolver.network.format.startswith(OF_KERAS):
        from mlpdoctor.diagnosis.library_words import in_words_of

        report = in_words_of(report, resolver.network)
    without_path = question.model == MODEL, question.data is None and dataset is not None
    if any(without_path):
        from mlpdoctor.diagnosis.library_words import without_files

        report = without_files(report, model=without_path[0], data=without_path[1])
    return legible_parts(report)


def _pictures() -> ModuleType:
    """What gathers pictures, loaded where there are to be any."""
    from mlpdoctor.diagnosis import pictures

    return pictures


def all_checks() -> tuple[Check, ...]:
    """Every check there is, ordered by code."""
    return tuple(sorted(declared(check_package, Check), key=lambda check: check.rule.code))


def curve_checks() -> tuple[Check, ...]:
    """The rules on training histories: all there is to ask without a model."""
    return tuple(check for check in all_checks() if check.rule.code.startswith(ON_A_CURVE))


def examine(
    network: Network,
    dataset: Dataset | None,
    checks: Sequence[Check],
    progress: RowsRead | None = None,
    following: Following = WITHOUT_CODE,
    history: History | None = None,
    also: Iterable[type[Any]] = (),
    unseen: "HeldOut | None" = None,
    shared: SharedData | None = None,
) -> FactResolver:
    """Make the one pass that these checks need and hold its answers ready."""
    facts = fact_types(declared(fact_package, Fact))
    if dataset is None:
        return FactResolver(network, facts, no_forward=in_numpy(network).obstacle, history=history)
    followed = follow(network, following)
    engine, obstacle, network = followed.engine, followed.obstacle, followed.network
    if followed.seconds is not None and hasattr(dataset, "fold"):
        raise UsageError("--cluster: this network is run by Keras, which is done on one machine only; leave it out")
    single = casts_data(network)
    asking = [check.function for check in checks] + [facts[kind].function for kind in (Ladder, LossPosition, Contract)]
    if unseen is not None:
        asking.append(facts[Generalisation].function)
    if shared is not None:
        dataset = shared.rows.of(dataset)
    passes = Passes(SinglePrecision(dataset) if single else dataset, block_rows(network, dataset), engine)
    heads = heads_of(network, len(dataset.target_names))
    statistics = statistics_behind(asking, facts) | {CellCounts} | set(also)
    judged = None if isinstance(heads, Absent) else heads
    known = {} if shared is None else shared.statistics(single=single)
    missing = statistics - {kind for kind, _ in known}
    collected = {**known, **collect(dataset, engine, judged, missing, progress, single=single)}
    if shared is not None:
        shared.keep(collected, single=single)
    seconds = {} if followed.seconds is None else {"keras": followed.seconds}
    resolver = FactResolver(network, facts, passes, obstacle, collected, seconds, history)
    resolver.shared, resolver.single = None if shared is None else shared.facts, single
    if unseen is not None:
        resolver.unseen = _unseen(resolver, unseen, single=single)
    return resolver


def _unseen(resolver: FactResolver, held: "HeldOut", *, single: bool) -> Unseen | None:
    """The rows that the network was not trained on, beside its losses; None where none is complete."""
    passes = resolver.passes
    if passes is None:
        return None
    dataset = SinglePrecision(held.dataset) if single else held.dataset
    collected = collect(dataset, None, None, {TargetFactor, TargetValues, RowSample})
    own = FactResolver(
        resolver.network,
        resolver.facts,
        dataclasses.replace(passes, dataset=dataset),
        resolver.no_forward,
        collected,
    )
    sample = own.get(RowSample)
    if isinstance(sample, Absent):
        return None
    last, shuffled = (held.drawn is not None and (held.drawn.seed is None) is so for so in (True, False))
    return Unseen(own.get(Objective), sample, held.told, last=last, shuffled=shuffled)
