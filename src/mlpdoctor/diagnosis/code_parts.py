"""Takes the lines of Keras in a remedy apart, so that they can be written in another library's words."""

import ast
import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from mlpdoctor.core.fast_dataclass import dataclass

Options: TypeAlias = Mapping[str, str]
"""Arguments by name, as they are written."""


@dataclass(frozen=True)
class Made:
    """A layer: its class, its first argument, the others by name; a text is without its quotation marks."""

    kind: str
    first: str | None
    options: Options

    def option(self, name: str) -> str | None:
        """The value of an option; None where it is not given."""
        return self.options.get(name)


SPREAD = re.compile(r"^keras\.initializers\.RandomUniform\((-?[\d.e-]+), (-?[\d.e-]+)\)$")
"""How a remedy draws biases over the range of an input."""


def spread(part: Made) -> tuple[str, str] | None:
    """The ends between which a layer's biases are to be drawn evenly; None where nothing is said of that."""
    found = SPREAD.match(part.options.get("bias_initializer", ""))
    return None if found is None else (found[1], found[2])


@dataclass(frozen=True)
class Compiled:
    """An optimizer, its rate and its other options; the optimizer is None where only another loss is meant."""

    optimizer: str | None
    rate: str | None
    options: Options


@dataclass(frozen=True)
class Compared:
    """A loss, in small letters without underscores, and its options."""

    name: str
    options: Options


@dataclass(frozen=True)
class Fitted:
    """A call of ``fit``."""

    options: Options


@dataclass(frozen=True)
class Shifted:
    """New values for the bias of a layer."""

    layer: str
    values: str


@dataclass(frozen=True)
class Plain:
    """A line that is of no library, such as ``y = y - 1``."""

    code: str


Part: TypeAlias = Made | Compiled | Compared | Fitted | Shifted | Plain
OF_KERAS = ("keras", "model", "layer", "norm")
"""Names with which lines begin that nobody can write without Keras."""


def parts(code: str) -> list[Part] | None:
    """The parts of some lines of Keras, in order; None where one of them is not understood."""
    try:
        found = [part for statement in ast.parse(code).body for part in _of(statement)]
    except SyntaxError:
        return None
    return [part for part in found if part is not None] if None not in found else None


def _of(statement: ast.stmt) -> Iterator[Part | None]:
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
        if statement.targets[0].id == "loss":
            yield _loss(statement.value)
            return
        if statement.targets[0].id == "optimizer" and isinstance(statement.value, ast.Call):
            yield _optimizer(statement.value)
            return
    if isinstance(statement, ast.Expr):
        value = statement.value
        for one in value.elts if isinstance(value, ast.Tuple) else [value]:
            yield from _of_call(one) if isinstance(one, ast.Call) else [_plain(one)]
        return
    yield _plain(statement)


def _of_call(call: ast.Call) -> Iterator[Part | None]:
    path = ast.unparse(call.func)
    name = path.rpartition(".")[2]
    if name == "compile":
        by_name = {one.arg: one.value for one in call.keywords}
        optimizer, loss = by_name.get("optimizer"), by_name.get("loss")
        if isinstance(optimizer, ast.Call):
            yield _optimizer(optimizer)
        if isinstance(loss, ast.Call | ast.Constant):
            yield _loss(loss)
        elif not isinstance(optimizer, ast.Call):
            yield None
    elif name == "fit":
        yield Fitted(_options(call))
    elif name == "assign" and isinstance(call.func, ast.Attribute):
        layer = next((one.args[0] for one in ast.walk(call.func) if isinstance(one, ast.Call) and one.args), None)
        yield None if layer is None or ".bias" not in path else Shifted(_text(layer), ast.unparse(call.args[0]))
    elif path.startswith("keras.optimizers."):
        yield _optimizer(call)
    elif path.startswith("keras.layers.") or (path[0].isupper() and "." not in path):
        first = _text(call.args[0]) if call.args else None
        yield Made(name, first, _options(call))
    else:
        yield _plain(call)


def _optimizer(call: ast.Call) -> Compiled:
    name, options = _called(call)
    rate = options.pop("learning_rate", None)
    return Compiled(name, ast.unparse(call.args[0]) if call.args else rate, options)


def _loss(value: ast.expr) -> Compared:
    name, options = _called(value) if isinstance(value, ast.Call) else (_text(value), {})
    plain = name.replace("_", "").lower()
    return Compared({"mse": "meansquarederror", "mae": "meanabsoluteerror"}.get(plain, plain), options)


def _plain(node: ast.AST) -> Plain | None:
    names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
    return None if names & set(OF_KERAS) else Plain(ast.unparse(node))


def _called(call: ast.Call) -> tuple[str, dict[str, str]]:
    """The last name of what is called, and the options it is given."""
    return ast.unparse(call.func).rpartition(".")[2], _options(call)


def _options(call: ast.Call) -> dict[str, str]:
    return {one.arg: _text(one.value) for one in call.keywords if one.arg is not None}


def _text(value: ast.expr) -> str:
    return str(value.value) if isinstance(value, ast.Constant) else ast.unparse(value)
