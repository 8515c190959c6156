"""Measures how often mlpdoctor names what is wrong, and how often it cries wolf.

    python tests/measure/recall.py [--rules A101,O] [--per-rule 20] [--reports 20] [--healthy 60] [--sample N] [-v]

Cases are built once, by real Keras training in processes of their own, and kept outside the tree; a case whose maker
has changed is built again. ``--sample N`` is ``--per-rule N --healthy 10N``.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from cases.build import CACHE, Job, build, job
from cases.load import load
from cases.registry import FRESH, HEALTHY, PAIRS, PATIENTS, REPORTS, WELL
from cases.score import Seen, absent, confusion, look, table, tallies, well_table


def main() -> None:
    """Build, diagnose, print."""
    options = _options()
    load()
    say(f"cases are kept in {options.cache}")
    jobs = chosen(options.rules, options.per_rule, options.healthy, options.first_seed, options.reports, options.kinds)
    started = time.perf_counter()
    seen = examine(jobs, options.cache, options.jobs)
    print_report(seen, verbose=options.verbose)
    say(f"{time.perf_counter() - started:.0f} s for {len(seen)} cases")


def chosen(
    rules: Sequence[str], per_rule: int, healthy: int, first: int = 0, reports: int = 0, kinds: Sequence[str] = ()
) -> list[Job]:
    """The jobs for so many patients a rule and so many healthy models, kind by kind, then with new seeds."""
    codes = [code for code in sorted(PATIENTS) if any(code.startswith(part) for part in rules or [""])]
    jobs = [job(code, seed) for code in codes if code in absent() for seed in range(first, first + per_rule)]
    pairs = [name for name in PAIRS if not rules or any(name.startswith(part) for part in rules if "+" in part)]
    jobs += [job(name, seed) for name in pairs for seed in range(first, first + per_rule)]
    jobs += [
        job(name, seed)
        for name in REPORTS
        if name.startswith(tuple(kinds or [""]))
        for seed in range(first, first + reports)
    ]
    well = [name for name, maker in WELL.items() if maker.group == HEALTHY]
    jobs += [job(well[number % len(well)], first + number // len(well)) for number in range(healthy)]
    fresh = [name for name, maker in WELL.items() if maker.group == FRESH]
    return jobs + [job(fresh[number % len(fresh)], first + number // len(fresh)) for number in range(healthy // 4)]


def examine(jobs: Sequence[Job], cache: Path, processes: int) -> list[Seen]:
    """Build and diagnose; in the order of the jobs, whatever the order in which they were ready."""
    seen: list[Seen] = []
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        waiting = [
            (one, pool.submit(look, one)) if not one.trouble else (one, None) for one in build(jobs, cache, processes)
        ]
        seen = [Seen(one, words=("not made",)) if future is None else future.result() for one, future in waiting]
    places = {one: place for place, one in enumerate(jobs)}
    return sorted(seen, key=lambda one: places[one.built.job])


def print_report(seen: Sequence[Seen], *, verbose: bool) -> None:
    """The tables, and every miss in words where asked for."""
    ill = [one for one in seen if one.code in PATIENTS]
    pairs = [one for one in seen if one.code in PAIRS]
    reports = [one for one in seen if one.code in REPORTS]
    healthy = [one for one in seen if one.code in WELL]
    for code in sorted(set(PATIENTS) - set(absent())):
        say(f"skipped: {code} is not in the catalogue yet")
    say("", *table(tallies(ill)), "")
    say("injected fault against leading finding", "", *confusion(ill), "")
    if pairs:
        say("two faults at once", "", *table(tallies(pairs)), "")
    if reports:
        say("faults as people report them", "", *table(tallies(reports)), "")
    for group, what in ((HEALTHY, "healthy models"), (FRESH, "fresh models")):
        say(*well_table([one for one in healthy if WELL[one.code].group == group], what), "")
    for one in seen:
        if one.built.trouble:
            say(f"NOT MADE {one.code}-{one.built.job.seed}: {one.built.trouble}")
        if one.crashed:
            say(f"CRASHED {one.code}-{one.built.job.seed}: {'; '.join(one.crashed)}")
        for said in one.contradictions:
            say(f"CONTRADICTS ITSELF {one.code}-{one.built.job.seed}: {said}  {one.built.folder}")
        if verbose and one.code not in WELL and not (one.hit and one.led) and not one.built.trouble:
            kind = "MISS" if not one.hit else "NOT FIRST"
            job_ = one.built.job
            say(f"{kind} {one.code}-{job_.seed} keras {job_.keras} ({one.built.words}) {one.built.folder}")
            say(*(f"    {line}" for line in one.words))


def say(*lines: str) -> None:
    """Print."""
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rules", type=lambda text: text.split(","), default=[], help="codes or their beginnings")
    parser.add_argument("--per-rule", type=int, default=20)
    parser.add_argument("--reports", type=int, default=0, help="so many of each kind that people report")
    parser.add_argument("--kinds", type=lambda text: text.split(","), default=[], help="beginnings of names of reports")
    parser.add_argument("--healthy", type=int, help="60, or ten for each patient of a sample")
    parser.add_argument("--sample", type=int, help="so many patients a rule, and few healthy models: what CI runs")
    parser.add_argument("--first-seed", type=int, default=0, help="patients that no rule was fixed on: 1000, say")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("-v", "--verbose", action="store_true", help="every miss with its report in words")
    options = parser.parse_args()
    if options.sample is not None:
        options.per_rule = options.sample
    if options.healthy is None:
        options.healthy = 60 if options.sample is None else 10 * options.sample
    return options


if __name__ == "__main__":
    main()
