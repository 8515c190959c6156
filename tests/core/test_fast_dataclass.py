"""The quick dataclass beside the standard library's: alike in all that anyone can see."""

import ast
import copy
import dataclasses
import pickle
from pathlib import Path
from typing import Any

import pytest

import mlpdoctor
from mlpdoctor.core.fast_dataclass import dataclass, twin

SOURCE = Path(mlpdoctor.__file__).parent


@dataclass(frozen=True)
class Lean:
    """One of ours."""

    first: int
    second: tuple[float, ...] = ()
    third: dict[str, int] = dataclasses.field(default_factory=dict, compare=False)


@dataclasses.dataclass(frozen=True)
class Usual:
    """The same from the standard library."""

    first: int
    second: tuple[float, ...] = ()
    third: dict[str, int] = dataclasses.field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class More(Lean):
    """One with a parent."""

    fourth: str = "x"


@dataclass(frozen=True, eq=False)
class Itself:
    """Equal to nothing else."""

    values: list[int]


@dataclass
class Open:
    """One that may change."""

    first: int = 0


def test_shown_compared_hashed_and_replaced_alike() -> None:
    for values in ((1,), (1, (2.0,)), (1, (2.0,), {"a": 3})):
        ours, theirs = Lean(*values), Usual(*values)
        assert repr(ours) == repr(theirs).replace("Usual", "Lean")
        assert hash(ours) == hash(theirs)
        assert dataclasses.asdict(ours) == dataclasses.asdict(theirs)
        assert dataclasses.replace(ours, first=7) == Lean(7, *values[1:]) != ours
        assert copy.deepcopy(ours) == pickle.loads(pickle.dumps(ours)) == ours  # noqa: S301  our own bytes
    assert Lean(1, (), {"a": 1}) == Lean(1, (), {"b": 2})
    others: list[object] = [Usual(1), More(1), None]
    assert Lean(1) not in others
    assert More(1, fourth="y") != More(1)


@pytest.mark.parametrize("record", [Lean(1), More(1), Itself([1])])
def test_nothing_of_a_frozen_one_can_be_changed(record: Any) -> None:  # noqa: ANN401
    (name, *_) = (field.name for field in dataclasses.fields(record))
    with pytest.raises(dataclasses.FrozenInstanceError, match=f"cannot assign to field '{name}'"):
        setattr(record, name, 2)
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'other'"):
        record.other = 2
    with pytest.raises(dataclasses.FrozenInstanceError, match=f"cannot delete field '{name}'"):
        delattr(record, name)


def test_identity_and_change_where_they_are_asked_for() -> None:
    same = Itself([1])
    assert same == same  # noqa: PLR0124
    assert same != Itself([1])
    assert len({same, Itself([1])}) == 2
    changed = Open()
    changed.first = 3
    assert changed == Open(3)
    with pytest.raises(TypeError, match="unhashable"):
        hash(changed)


@pytest.mark.slow
def test_every_class_of_the_package_is_made_this_way() -> None:
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "dataclasses" and path.name != "fast_dataclass.py":
                assert "dataclass" not in {name.name for name in node.names}, path


def test_a_twin_is_the_record_with_other_values() -> None:
    record = Lean(1, (2.0,), {"a": 1})
    assert twin(record, second=(3.0,)) == dataclasses.replace(record, second=(3.0,))
    assert record == Lean(1, (2.0,))
    with pytest.raises(TypeError, match="Lean has no field fourth"):
        twin(record, fourth=1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        twin(record).first = 2  # type: ignore[misc]
