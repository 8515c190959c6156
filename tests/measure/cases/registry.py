"""The makers by rule: a function that takes a Kit and answers a Case."""

import ast
import hashlib
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import TypeAlias

from cases import files, kit
from cases.kit import Case, Kit

Make: TypeAlias = Callable[[Kit], Case]
HEALTHY, FRESH = "healthy", "fresh"


@dataclass(frozen=True)
class Maker:
    """How the patients of a rule are made.

    Attributes:
        group: the code of the rule; ``healthy`` or ``fresh`` for models without a fault.
        make: the function.
        aliases: codes that would be an equally true first answer to every patient, with the reason.
        leads: whether the fault should head the report.
        keras_2: whether Keras 2 can make it too.
        never: codes that would be a false first answer.
        split: which rows of the file were not trained on, as ``--split`` has it; None where that is not told.
        says: what the first sentences of the report have to say, in small letters; empty where any words will do.
    """

    group: str
    make: Make
    aliases: Mapping[str, str] = field(default_factory=dict)
    leads: bool = True
    keras_2: bool = True
    never: tuple[str, ...] = ()
    split: str | None = None
    says: str = ""

    @property
    def name(self) -> str:
        """Name of the function."""
        return self.make.__name__

    @property
    def print(self) -> str:
        """Changes whenever the source of this maker, or of what all makers share, does."""
        shared: tuple[ModuleType, ...] = (kit, files)
        own = inspect.getsource(self.make)
        module = inspect.getmodule(self.make)
        helpers = [
            function
            for name, function in inspect.getmembers(module, inspect.isfunction)
            if name.startswith("_") and re.search(rf"\b{name}\b", own)
        ]
        sources = [own, *map(inspect.getsource, helpers), *map(inspect.getsource, shared)]
        trees = [ast.dump(ast.parse(source)) for source in sources]  # layout and comments change nothing
        return hashlib.sha256("\n".join(trees).encode()).hexdigest()[:12]


PATIENTS: dict[str, Maker] = {}
"""By code."""
PAIRS: dict[str, Maker] = {}
"""Two faults at once, by both codes: ``O201+D702``, the one to fix first in front."""
REPORTS: dict[str, Maker] = {}
"""Faults as people report them, by name."""
WELL: dict[str, Maker] = {}
"""Healthy and fresh models, by name."""


def patient(
    code: str,
    *,
    aliases: Mapping[str, str] | None = None,
    leads: bool = True,
    keras_2: bool = True,
    split: str | None = None,
) -> Callable[[Make], Make]:
    """Declare the maker of a rule's patients."""

    def declare(make: Make) -> Make:
        PATIENTS[code] = Maker(code, make, aliases or {}, leads, keras_2, split=split)
        return make

    return declare


def pair(first: str, second: str) -> Callable[[Make], Make]:
    """Declare a maker of patients with two faults, the one to fix first in front."""

    def declare(make: Make) -> Make:
        PAIRS[f"{first}+{second}"] = Maker(f"{first}+{second}", make)
        return make

    return declare


def report(
    code: str,
    *,
    aliases: Mapping[str, str] | None = None,
    leads: bool = True,
    never: tuple[str, ...] = (),
    keras_2: bool = True,
    split: str | None = None,
    says: str = "",
) -> Callable[[Make], Make]:
    """Declare a maker of faults as people report them, by the rule that should head the report."""

    def declare(make: Make) -> Make:
        REPORTS[make.__name__] = Maker(code, make, aliases or {}, leads, keras_2, never, split, says)
        return make

    return declare


def well(group: str = HEALTHY, *, keras_2: bool = True, split: str | None = None) -> Callable[[Make], Make]:
    """Declare a maker of models that have no fault."""

    def declare(make: Make) -> Make:
        WELL[make.__name__] = Maker(group, make, keras_2=keras_2, split=split)
        return make

    return declare
