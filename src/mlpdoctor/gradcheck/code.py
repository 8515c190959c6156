"""The user's code under test: its arrays, its loss, and the gradient it claims, given or read off an update."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise

import numpy as np

from mlpdoctor.core.errors import InputError
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.gradcheck.user_functions import (
    UserArray,
    called,
    leaves,
    listed,
    plain,
    require_arrays,
    require_functions,
    wrong_shape,
)

Point = Sequence[Array]
"""Values of all parameters in their order, float64."""

UPDATES = 4
"""Updates at one place: two differences of changes give the momentum, and a third one is there to confirm it."""
STEADY = {"float32": 1e-4, "float64": 1e-9}
"""Relative differences below which two losses, or two changes, of the same parameters count as equal."""


@dataclass(frozen=True, eq=False)
class Claim:
    """The gradient as the user's code has it.

    Attributes:
        values: one array for each parameter, float64.
        errors: the rounding of each entry that reading it off an update left, one number for each parameter.
        after: the parameters after one update, where there is one.
    """

    values: Point
    errors: Sequence[float]
    after: Point | None = None


class Code:
    """What the user's code does at given parameters; all parameters are put back by ``kept``.

    Args:
        parameters: arrays that the code reads, in lists or dicts of any depth, or a function that returns them.
        loss: computes the loss at their present values.
        gradients: returns arrays of the same shapes in the same order or under the same names.
        update: instead of ``gradients``: changes the parameters by one step of gradient descent.
        learning_rate: of ``update``.

    Raises:
        InputError: one sentence on what was found and what is expected.
    """

    def __init__(
        self,
        parameters: object,
        loss: Callable[[], object],
        gradients: Callable[[], object] | None = None,
        update: Callable[[], object] | None = None,
        learning_rate: float | None = None,
    ) -> None:
        """Look at what is given, without computing anything."""
        self._parameters, self._loss = parameters, loss
        self._gradients, self._update, self._rate = gradients, update, learning_rate
        self.evaluations, self._spent, self.momentum, self._seen_steady = 0, 0.0, 0.0, False
        require_functions(loss, gradients, update, learning_rate)
        found = self._read()
        require_arrays(found)
        self.names = list(found)
        self.shapes = [values.shape for values in found.values()]
        self.types = [values.dtype for values in found.values()]
        self.single = any(kind == np.float32 for kind in self.types)

    @property
    def arithmetic(self) -> str:
        """The coarsest arithmetic of the parameters."""
        return "float32" if self.single else "float64"

    @property
    def price(self) -> float:
        """Seconds that the loss takes to compute, on average so far."""
        return self._spent / max(self.evaluations, 1)

    @property
    def updates(self) -> bool:
        """Whether the gradient is read off an update."""
        return self._gradients is None

    def _read(self) -> dict[str, UserArray]:
        source = self._parameters() if callable(self._parameters) else self._parameters
        return dict(leaves(source, "parameters", top=True))

    def point(self) -> list[Array]:
        """The present values, as copies."""
        return [np.array(values, dtype=np.float64) for values in self._read().values()]

    def move(self, point: Point) -> None:
        """Give the parameters these values, in place."""
        for values, new in zip(self._read().values(), point, strict=True):
            values[...] = new

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Whatever happens inside, all arrays hold afterwards what they held before, bit for bit."""
        before = list(self._read().values())
        copies = [values.copy() for values in before]
        try:
            yield
        finally:
            for values, copy in zip(before, copies, strict=True):
                values[...] = copy
            for values, copy in zip(self._read().values(), copies, strict=True):  # new arrays in their place
                values[...] = copy

    def loss(self) -> float:
        """The loss at the present parameters.

        Raises:
            InputError: it fails, or is no finite number.
        """
        number = self.value()
        if not np.isfinite(number):
            raise InputError(
                f"loss() returned {number}: a gradient can only be checked where the loss is a finite number;"
                " start from smaller weights, or keep log() and exp() away from 0 and from large numbers"
            )
        return number

    def value(self) -> float:
        """The loss at the present parameters, which may be infinite or NaN on a step that goes too far.

        Raises:
            InputError: it fails, or is no number.
        """
        self.evaluations += 1
        start = time.perf_counter()
        value = np.asarray(called(self._loss, "loss()"))
        self._spent += time.perf_counter() - start
        if value.size != 1 or not np.issubdtype(value.dtype, np.number):
            what = f"an array of shape {value.shape}" if value.size != 1 else f"{value.dtype} data"
            raise InputError(f"loss() returned {what}; it must return one number: take the mean or the sum over it")
        return float(value.reshape(()).real)

    def claim(self, point: Point) -> Claim:
        """The gradient that the code has at a point; the parameters are left there.

        The loss is computed first, for code whose backward pass uses what the forward pass stored.
        """
        self.move(point)
        self.loss()
        if self.updates:
            return self._read_off(point)
        values = self._checked(called(self._gradients, "gradients()"))
        self.move(point)
        if not self._seen_steady:
            self._require_steady(point, values)
        return Claim(values, [0.0] * len(values))

    def _require_steady(self, point: Point, values: Point) -> None:
        """The same parameters must give the same gradient twice."""
        self.loss()
        again = self._checked(called(self._gradients, "gradients()"))
        self.move(point)
        if not _close(values, again, STEADY[self.arithmetic]):
            raise InputError(
                "gradients() gives another gradient each time at the same parameters, while loss() stays the same: is a"
                " new dropout mask, or another batch, drawn on the way back? Use those of the forward pass again"
            )
        self._seen_steady = True

    def _checked(self, given: object) -> list[Array]:
        if given is None:
            raise InputError("gradients() returned None; it must return one array for each parameter")
        found = dict(leaves(given, "gradients()", top=True, arrays=False))
        if set(found) == set(self.names):
            found = {name: found[name] for name in self.names}
        elif len(found) != len(self.names):
            raise InputError(
                f"gradients() returned {len(found)} arrays and there are {len(self.names)} parameters"
                f" ({listed(self.names)}); it must return one for each, in the same order"
            )
        checked = []
        for name, shape, values in zip(self.names, self.shapes, found.values(), strict=True):
            if plain(values.shape) != plain(shape) or values.size != np.prod(shape, dtype=int):
                raise InputError(wrong_shape(name, shape, values.shape))
            if not np.isfinite(values).all():
                raise InputError(f"the gradient of {name} holds NaN or infinity, where the loss is finite")
            checked.append(np.array(values, dtype=np.float64).reshape(shape))
        return checked

    def _read_off(self, point: Point) -> Claim:
        assert self._rate is not None  # noqa: S101  require_functions saw to it
        changes, after = [], []
        for _ in range(UPDATES):
            self.move(point)
            self.loss()
            called(self._update, "update()")
            after.append(self.point())
            changes.append([new - old for new, old in zip(after[-1], point, strict=True)])
            if len(changes) == 2 and _close(changes[0], changes[1], STEADY[self.arithmetic]):  # noqa: PLR2004
                break
        self.move(point)
        self.momentum = self._momentum(changes)
        last, before = changes[-1], changes[-2]
        slopes = [(self.momentum * old - new) / self._rate for new, old in zip(last, before, strict=True)]
        if self.momentum and _close(last, [self.momentum * old for old in before], 1e-6):
            raise InputError(
                f"update() makes steps that shrink by {self.momentum:.4g} each time: does its learning rate fall? Keep"
                " it at learning_rate while the gradient is checked"
            )
        for name, values in zip(self.names, slopes, strict=True):
            if not np.isfinite(values).all():
                raise InputError(f"update() left NaN or infinity in {name}, where the loss is finite")
        grains = [
            float(np.finfo(kind).eps * np.abs(values).max(initial=0.0) / abs(self._rate))
            for kind, values in zip(self.types, point, strict=True)
        ]
        return Claim(slopes, grains, None if self.momentum else after[-1])

    def _momentum(self, changes: Sequence[Point]) -> float:
        """What of the last change each change keeps: zero for plain descent; from the growth of equal steps."""
        if len(changes) < UPDATES:
            return 0.0
        first, second, third = (
            np.concatenate([np.ravel(new - old) for new, old in zip(later, earlier, strict=True)])
            for earlier, later in pairwise(changes)
        )
        size = float(first @ first)
        kept = float(second @ first) / size if size else 0.0
        tolerance = 10 * STEADY[self.arithmetic] ** 0.5
        if not (0 < kept < 1) or np.linalg.norm(third - kept * second) > tolerance * np.linalg.norm(second):
            raise InputError(
                "update() makes another change each time from the same parameters: Adam or RMSprop, dropout, or a"
                " random batch, or a falling learning rate? Use fixed rows, a fixed rate and plain gradient descent"
                " (momentum is fine), or give gradients()"
            )
        return kept


def _close(one: Point, other: Point, tolerance: float) -> bool:
    away = sum(float(np.sum((a - b) ** 2)) for a, b in zip(one, other, strict=True))
    return away <= tolerance**2 * sum(float(np.sum(a**2)) for a in one)
