"""Which column plays which part: the model's width, the user's words, and the last columns by default."""

import re
from collections.abc import Sequence
from dataclasses import replace

from mlpdoctor.core.dataset import Wanted
from mlpdoctor.core.errors import DataFileError
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.text import count
from mlpdoctor.readers.tables.column_names import (
    INDEX_NAMES,
    Columns,
    find_columns,
    listed,
    mismatch,
    unencoded,
    wrong_choice,
)

_TARGET_NAME = re.compile(r"(y|targets?|labels?|class|classes|outputs?)([ _.-]?\d+)?", re.IGNORECASE)


@dataclass(frozen=True)
class Roles:
    """Which column plays which part.

    Attributes:
        features: positions of the columns that enter the model, in order.
        targets: positions of the columns it should predict, in order.
        guesses: what was assumed and not told, one short phrase each.
        weight: position of the column that says how much each row counts; None where all count alike.
    """

    features: tuple[int, ...]
    targets: tuple[int, ...]
    guesses: tuple[str, ...] = ()
    weight: int | None = None


def choose_roles(columns: Columns, wanted: Wanted) -> Roles:
    """Give each column its part.

    What the user named is taken as named. The rest follows from counting: the columns that are no target are
    as many as the model takes.

    Args:
        columns: the columns there are.
        wanted: what the model and the user ask of them.

    Raises:
        DataFileError: a name that does not exist, or counts that do not fit, with the likely reasons.
    """
    dropped = find_columns(columns, wanted.drop, "--drop")
    features = _chosen(columns, wanted.feature_names, "--features", dropped)
    targets = _chosen(columns, wanted.target, "--target", dropped)
    told = {*dropped, *(features or ()), *(targets or ())}
    frame = [name for place, name in enumerate(columns.names) if FRAME_INDEX.fullmatch(name) and place not in told]
    left = tuple(p for p, name in enumerate(columns.names) if p not in dropped and name not in frame)
    roles = _with_weight(columns, wanted, features, targets, dropped, left)
    return (
        replace(roles, guesses=(*roles.guesses, f"left out: {listed(frame)}, an index of the rows")) if frame else roles
    )


FRAME_INDEX = re.compile(r"__index_level_\d+__")
"""What pandas calls the index of a frame, which it writes behind the columns of a Parquet file."""


def _with_weight(
    columns: Columns,
    wanted: Wanted,
    features: tuple[int, ...] | None,
    targets: tuple[int, ...] | None,
    dropped: tuple[int, ...],
    left: tuple[int, ...],
) -> Roles:
    """The parts of the columns that are left, of which one may weigh the rows."""
    if wanted.sample_weight is None:
        return _roles(columns, wanted, features, targets, left)
    (weight,) = find_columns(columns, (wanted.sample_weight,), "--sample-weight")
    for option, places in (("--features", features), ("--target", targets), ("--drop", dropped)):
        if places and weight in places:
            name = columns.names[weight]
            raise DataFileError(f"{columns.path}: {option} and --sample-weight both name the column {name!r}")
    rest = tuple(place for place in left if place != weight)
    return replace(_roles(columns, wanted, features, targets, rest), weight=weight)


def _roles(
    columns: Columns,
    wanted: Wanted,
    features: tuple[int, ...] | None,
    targets: tuple[int, ...] | None,
    left: tuple[int, ...],
) -> Roles:
    """Give each column that is left its part, beside those the user named."""
    if features is not None and wanted.features not in {None, len(features)}:
        raise wrong_choice(columns, "--features", len(features), f"the model takes {wanted.features:,}")
    told: tuple[str, ...] = ()
    if targets is not None and wanted.targets and len(targets) not in wanted.targets:
        fitting = " or ".join(map(str, wanted.targets))
        rest = [place for place in left if place not in targets]
        if wanted.features != len(features or rest):  # else all fits but the output, which is a finding
            raise wrong_choice(columns, "--target", len(targets), f"the model's outputs ask for {fitting}")
        told = (f"target columns: {len(targets)}, and the model's outputs ask for {fitting}",)
    if features is not None and targets is not None:
        return Roles(features, targets, told)
    if features is not None:
        return _targets_for(columns, features, [place for place in left if place not in features], wanted)
    if targets is not None:
        return _features_for(columns, targets, left, wanted, told)
    marked = tuple(place for place in columns.marked if place in left)
    if marked:
        return _features_for(columns, marked, left, wanted, ())
    return _guessed(columns, left, wanted)


def _chosen(
    columns: Columns, asked: tuple[str, ...] | None, option: str, dropped: Sequence[int]
) -> tuple[int, ...] | None:
    """Positions of the columns an option names, None without the option."""
    if asked is None:
        return None
    places = find_columns(columns, asked, option)
    if not places:
        raise DataFileError(f"{columns.path}: {option} names no column")
    for place in places:
        if place in dropped:
            raise DataFileError(f"{columns.path}: {option} and --drop both name the column {columns.names[place]!r}")
    return places


def _features_for(
    columns: Columns, targets: tuple[int, ...], left: Sequence[int], wanted: Wanted, guesses: tuple[str, ...]
) -> Roles:
    """Make features of the columns that are not the targets."""
    rest = tuple(place for place in left if place not in targets)
    if rest and wanted.features in {None, len(rest)}:
        return Roles(rest, targets, guesses)
    if wanted.features == len(rest) - 1 and _is_index(columns, rest):
        return Roles(rest[1:], targets, (*guesses, _left_out(columns, rest)))
    whole = tuple(dict.fromkeys((*left, *targets)))
    raise unencoded(columns, whole, targets, len(targets), wanted) or mismatch(
        columns, left, len(targets), wanted, chosen=True
    )


def _targets_for(columns: Columns, features: tuple[int, ...], rest: Sequence[int], wanted: Wanted) -> Roles:
    """Find the targets among the columns that the user did not name as features."""
    fitting = [number for number in wanted.targets or (1,) if number <= len(rest)]
    if not fitting:
        raise DataFileError(
            f"{columns.path}: --features leaves {count(len(rest), 'column')} for the target, and the "
            f"model's outputs ask for {' or '.join(map(str, wanted.targets or (1,)))}; name it with --target"
        )
    number = len(rest) if len(rest) in fitting else fitting[0]
    marked = tuple(place for place in columns.marked if place in rest)
    targets, guess = (marked, ()) if len(marked) in fitting else _likely_targets(columns, rest, number)
    return Roles(features, targets, guess)


def _guessed(columns: Columns, left: tuple[int, ...], wanted: Wanted) -> Roles:
    """Find both by counting: an exact fit first, then one without an index column at the front."""
    width = wanted.features
    starts = [left, left[1:]] if _is_index(columns, left) else [left]
    for number in wanted.targets or range(1, max(len(left), 2)):
        if width is None:
            if number < len(left):
                return _features_for(columns, *_with_guess(columns, left, left, number, wanted))
            continue
        for table in starts:
            if len(table) == width + number:
                return _features_for(columns, *_with_guess(columns, left, table, number, wanted))
    if width is not None and width > 1 and wanted.targets[:1] == (width,):
        for table in starts:
            if len(table) == width:
                index = (_left_out(columns, left),) if table is not left else ()
                return Roles(table, table, ("targets: the features themselves, as in an autoencoder", *index))
    number = (wanted.targets or (1,))[0]
    more = () if width is None else _more_targets(columns, left, width)
    if len(more) > number:  # all fits but the output, which is a finding
        listing = listed([columns.names[place] for place in more])
        told = f"targets: {listing}, and the model's outputs ask for {number}"
        return _features_for(columns, more, left, wanted, (told,))
    raise unencoded(columns, left, (), number, wanted) or mismatch(columns, left, number, wanted, chosen=False)


def _with_guess(
    columns: Columns, left: tuple[int, ...], table: tuple[int, ...], number: int, wanted: Wanted
) -> tuple[tuple[int, ...], tuple[int, ...], Wanted, tuple[str, ...]]:
    """Arguments for `_features_for` with the likely targets of a table that may lack its index column."""
    targets, guess = _likely_targets(columns, table, number)
    index = (_left_out(columns, left),) if table is not left else ()
    return targets, table, wanted, (*guess, *index)


def _likely_targets(columns: Columns, table: Sequence[int], number: int) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Take the columns that are called a target if there are just as many as needed, else the last ones."""
    last, called = tuple(table[-number:]), _called(columns, table)
    if len(called) == number and called != last:
        which = "the column called" if number == 1 else "the columns called"
        names = listed([columns.names[place] for place in called])
        return called, (f"{'target' if number == 1 else 'targets'}: {which} {names}",)
    return last, ("target: the last column" if number == 1 else f"targets: the last {number} columns",)


def _called(columns: Columns, table: Sequence[int]) -> tuple[int, ...]:
    """The columns that are called what a target is called."""
    return tuple(place for place in table if _TARGET_NAME.fullmatch(columns.names[place]))


def _more_targets(columns: Columns, left: tuple[int, ...], width: int) -> tuple[int, ...]:
    """All columns but as many as the model takes, where their names say that they are targets; else none."""
    called = _called(columns, left)
    if len(left) - len(called) == width:
        return called
    return left[width:] if _one_series(columns, left[width:], left[:width]) else ()


def _one_series(columns: Columns, last: Sequence[int], others: Sequence[int]) -> bool:
    """Whether the last columns alone are numbered from 0 or 1 under one name: ``quality1``, ``quality2``."""

    def stems(places: Sequence[int]) -> list[str]:
        return [columns.names[place].rstrip("0123456789") for place in places]

    own = set(stems(last))
    numbers = [columns.names[place][len(stem) :] for place, stem in zip(last, stems(last), strict=True)]
    counted = any(numbers == [str(first + k) for k in range(len(last))] for first in (0, 1))
    return counted and len(own) == 1 and own.isdisjoint(stems(others))


def _is_index(columns: Columns, left: Sequence[int]) -> bool:
    """Whether the first column that is left is called what a row index is called."""
    return bool(left) and columns.names[left[0]].lower() in INDEX_NAMES


def _left_out(columns: Columns, left: Sequence[int]) -> str:
    """The phrase for an index column that is no feature."""
    return f"left out: {columns.names[left[0]]}, an index of the rows"
