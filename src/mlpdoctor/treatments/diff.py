"""A change of a model as the lines of Keras code that change, and as JSON."""

from dataclasses import dataclass

from mlpdoctor.treatments.edits import Edit
from mlpdoctor.treatments.spec import Json, ModelSpec


@dataclass(frozen=True)
class Line:
    """One line of a diff: ``sign`` is ``-``, ``+`` or a space for a comment line that is code neither way."""

    sign: str
    text: str


def diff(before: ModelSpec, edits: tuple[Edit, ...]) -> tuple[Line, ...]:
    """The lines that change, in the order of the model."""
    raise NotImplementedError


def as_json(before: ModelSpec, edits: tuple[Edit, ...]) -> list[dict[str, Json]]:
    """The edits as plain values: what, where, from what to what."""
    raise NotImplementedError
