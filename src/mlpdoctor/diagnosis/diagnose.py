"""The whole story on one screen: read, stream, work out facts, run checks, rank, report."""

import dataclasses
import time
from collections.abc import Sequence
from typing import BinaryIO

from mlpdoctor import checks as check_package
from mlpdoctor import facts as fact_package
from mlpdoctor.core import random_state, threads
from mlpdoctor.core.check import Check
from mlpdoctor.core.dataset import Dataset, Wanted
from mlpdoctor.core.discovery import declared
from mlpdoctor.core.errors import UsageError
from mlpdoctor.core.fact import Absent, Fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.history import History, together
from mlpdoctor.core.ladder import Ladder
from mlpdoctor.core.network import LossConfig, Network
from mlpdoctor.core.report_model import Report
from mlpdoctor.diagnosis.hide import Hide, marked, nothing
from mlpdoctor.diagnosis.rank import rank
from mlpdoctor.diagnosis.resolve import FactResolver, fact_types, statistics_behind
from mlpdoctor.diagnosis.run_checks import run
from mlpdoctor.diagnosis.summary import ruled_out, summarise_data, summarise_history, summarise_model
from mlpdoctor.diagnosis.verdict import Scope, verdict
from mlpdoctor.engine.engine_choice import AUTO, Following, follow, in_numpy
from mlpdoctor.engine.passes import Passes, block_rows
from mlpdoctor.engine.stream import RowsRead, collect
from mlpdoctor.facts.outputs.contract import Contract
from mlpdoctor.facts.training.training import Training
from mlpdoctor.nn.heads import heads_of
from mlpdoctor.nn.losses.registry import build, kind_of, known, why_not
from mlpdoctor.readers.models.model import read_network
from mlpdoctor.readers.tables.data import open_dataset
from mlpdoctor.statistics.cell_counts import CellCounts

WITHOUT_CODE = Following()
"""NumPy where it can, Keras where it must, and nothing of the user's own is run."""


@dataclass(frozen=True)
class Question:
    """What the user asks.

    Attributes:
        model: path of the model file.
        data: path of the data, ``-`` for standard input, None to look at the model alone.
        target: names or positions of the target columns; None for a guess.
        features: names of the feature columns; None for all the rest.
        drop: columns to leave out.
        loss: name of the loss, where the file has none or another is meant.
        sample_weight: name of the column that says how much each row counts in the loss.
        max_bytes: limit on what is read of either file, unpacked; None for the readers' own limits.
        seed: where random numbers start; 0 for the places where they always do.
        engine: ``auto``, ``numpy`` or ``keras``: what runs the network.
        custom_objects: a Python file with the model's own layers, which is run; None for none.
        history: files and folders that training logged to; the last run of the last one made the saved model.
        plateau: the loss at which training stopped, as it was printed, where there is no log.
    """

    model: str
    data: str | None = None
    target: tuple[str, ...] | None = None
    features: tuple[str, ...] | None = None
    drop: tuple[str, ...] = ()
    loss: str | None = None
    sample_weight: str | None = None
    max_bytes: int | None = None
    seed: int = 0
    engine: str = AUTO
    custom_objects: str | None = None
    history: tuple[str, ...] = ()
    plateau: str | None = None


def diagnose(
    question: Question,
    *,
    stdin: BinaryIO | None = None,
    progress: RowsRead | None = None,
    checks: Sequence[Check] | None = None,
    hide: Hide = nothing,
) -> Report:
    """Answer the question.

    Args:
        question: what to look at.
        stdin: where data come from when their path is ``-``.
        progress: told the number of rows read, and about how many there are, now and then.
        checks: those to run; None for all. What only the others need is not computed.
        hide: why a finding is kept out of the verdict; it comes last in the report, with the reason.

    Raises:
        InputError: when the model or the data cannot be used.
    """
    started = time.perf_counter()
    limit = {} if question.max_bytes is None else {"max_bytes": question.max_bytes}
    network = with_loss(read_network(question.model, **limit), question.loss)
    history = logged(question.history, question.plateau, question.data, stdin, question.max_bytes)
    dataset = None
    if question.data is not None:
        dataset = open_dataset(question.data, wanted(network, question), stdin=stdin, **limit)
    read = time.perf_counter()
    every = all_checks()
    chosen = every if checks is None else checks
    with threads.one(), random_state.shifted(question.seed):
        following = Following(question.engine, question.custom_objects)
        answers = examine(network, dataset, chosen, progress, following, history)
        found, outcomes = run(chosen, answers)
        findings = marked(found, hide)
        shown = rank(finding for finding in findings if finding.suppressed is None)
        hidden = rank(finding for finding in findings if finding.suppressed is not None)
        ladder = answers.get(Ladder)
        training = answers.get(Training)
        told = None if history is None else summarise_history(history, answers)
    finished = time.perf_counter()
    return Report(
        model=summarise_model(answers.network, answers.no_forward),
        data=None if dataset is None else summarise_data(dataset, answers.get(CellCounts), answers.get(Contract)),
        verdict=verdict(shown, ladder, training, Scope(len(chosen), len(every), hidden)),
        ladder=None if isinstance(ladder, Absent) else ladder,
        no_ladder=ladder.reason if isinstance(ladder, Absent) else None,
        findings=(*shown, *hidden),
        ruled_out=ruled_out((*shown, *hidden), outcomes),
        outcomes=tuple(outcomes),
        seconds={"read": read - started, "examine": finished - read, **answers.seconds},
        history=told,
    )


def all_checks() -> tuple[Check, ...]:
    """Every check there is, ordered by code."""
    return tuple(sorted(declared(check_package, Check), key=lambda check: check.rule.code))


def examine(
    network: Network,
    dataset: Dataset | None,
    checks: Sequence[Check],
    progress: RowsRead | None = None,
    following: Following = WITHOUT_CODE,
    history: History | None = None,
) -> FactResolver:
    """Make the one pass that these checks need and hold its answers ready."""
    facts = fact_types(declared(fact_package, Fact))
    if dataset is None:
        return FactResolver(network, facts, no_forward=in_numpy(network).obstacle, history=history)
    followed = follow(network, following)
    engine, obstacle, network = followed.engine, followed.obstacle, followed.network
    asking = [check.function for check in checks] + [facts[Ladder].function, facts[Contract].function]
    passes = Passes(dataset, block_rows(network, dataset), engine)
    heads = heads_of(network, len(dataset.target_names))
    statistics = statistics_behind(asking, facts) | {CellCounts}
    judged = None if isinstance(heads, Absent) else heads
    collected = collect(dataset, engine, judged, statistics, progress)
    seconds = {} if followed.seconds is None else {"keras": followed.seconds}
    return FactResolver(network, facts, passes, obstacle, collected, seconds, history)


def logged(
    paths: Sequence[str], plateau: str | None, data: str | None, stdin: BinaryIO | None, max_bytes: int | None
) -> History | None:
    """The histories as one; None without any.

    Raises:
        InputError: one cannot be read.
        UsageError: there are a history and a plateau, or standard input would be read twice.
    """
    if plateau is not None:
        if paths:
            raise UsageError("--history and --plateau: give one of them; a history tells the plateau")
        return History.of_plateau(plateau)
    if not paths:
        return None
    if [*paths, data].count("-") > 1:
        raise UsageError("standard input can be read only once: give the history or the data as a file")
    from mlpdoctor.readers.histories.history import read_history

    limit = {} if max_bytes is None else {"max_bytes": max_bytes}
    return together([read_history(path, stdin=stdin, **limit) for path in paths])


def with_loss(network: Network, name: str | None) -> Network:
    """The network with another loss on every output.

    Raises:
        UsageError: when no such loss is known.
    """
    if name is None:
        return network
    if kind_of(name) is None:
        have = ", ".join(loss.names[0] for loss in known())
        raise UsageError(f"--loss {name}: there is no ladder for it: {why_not(name)}; these have one: {have}")
    return dataclasses.replace(network, losses=(LossConfig(name),) * len(network.outputs))


def wanted(network: Network, question: Question) -> Wanted:
    """What the model and the user ask of the data."""
    return Wanted(
        features=network.input_width,
        targets=target_counts(network),
        target=question.target,
        feature_names=question.features,
        drop=question.drop,
        sample_weight=question.sample_weight,
    )


def target_counts(network: Network) -> tuple[int, ...]:
    """How many target columns would fit, the likeliest first.

    One for each number the model answers, where its loss compares them one by one; one label for each output, where
    the loss takes class numbers. Either will do where the loss is unknown or there is a single output: a file may hold
    class numbers although the loss takes them one-hot, and the other way round.
    """
    if None in network.output_widths:
        return ()
    full, labels = sum(width or 0 for width in network.output_widths), len(network.outputs)
    losses = [None if config is None else build(config) for config in network.losses]
    columns = [loss.columns(width or 0) for loss, width in zip(losses, network.output_widths, strict=True) if loss]
    if len(columns) == len(losses):
        usual = sum(columns)
        autoencoder = usual == full == network.input_width
        other = (full if usual == labels else labels,) if labels == 1 and not autoencoder else ()
        return tuple(dict.fromkeys((usual, *other)))
    return tuple(dict.fromkeys((full, labels)))
