"""The user's own Python file, run because they asked for it, and the example that it can begin with."""

import importlib.util
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlpdoctor.core.errors import UsageError
from mlpdoctor.core.gradient_report import GradientReport
from mlpdoctor.engine.keras_start import stdout_apart
from mlpdoctor.gradcheck.check import gradcheck

FUNCTIONS = '''"""Check me with: mlpdoctor gradcheck net.py"""

import numpy as np

rng = np.random.default_rng(0)
x = rng.uniform(-1, 1, (32, 2))  # a few rows are enough
y = np.sin(3 * x[:, :1])

# The arrays that your code trains. They are changed in place, and put back at the end.
W1, b1 = rng.normal(0, 0.7, (2, 10)), np.zeros(10)
W2, b2 = rng.normal(0, 0.3, (10, 1)), np.zeros(1)
parameters = {"W1": W1, "b1": b1, "W2": W2, "b2": b2}
layers = "tanh,linear"  # the activation of each layer: with it, x and y a mistake gets its name


def forward():
    a1 = np.tanh(x @ W1 + b1)
    return a1, a1 @ W2 + b2


def loss():
    """One number, from the present parameters."""
    return np.mean((forward()[-1] - y) ** 2)


def gradients():
    """Your backward pass: an array for each parameter."""
    a1, a2 = forward()
    delta2 = 2 * (a2 - y) / y.size
    delta1 = (delta2 @ W2.T) * (1 - a1**2)
    return {"W1": x.T @ delta1, "b1": delta1.sum(axis=0), "W2": a1.T @ delta2, "b2": delta2.sum(axis=0)}
'''
CLASS = '''"""Check me with: mlpdoctor gradcheck net.py"""

import numpy as np

rng = np.random.default_rng(0)


class Network:
    """Yours goes here, with forward() and a backward() that changes the weights."""

    def __init__(self, sizes):
        self.weights = [rng.normal(0, 1 / np.sqrt(n), (n, m)) for n, m in zip(sizes, sizes[1:])]
        self.biases = [np.zeros((1, m)) for m in sizes[1:]]
        self.learning_rate = 0.01

    def forward(self, x):
        self.outputs = [x]
        for w, b in zip(self.weights, self.biases):
            self.outputs.append(np.tanh(self.outputs[-1] @ w + b))
        return self.outputs[-1]

    def backward(self, y):
        delta = 2 * (self.outputs[-1] - y) / y.size * (1 - self.outputs[-1] ** 2)
        for i in reversed(range(len(self.weights))):
            before = (delta @ self.weights[i].T) * (1 - self.outputs[i] ** 2)
            self.weights[i] -= self.learning_rate * self.outputs[i].T @ delta
            self.biases[i] -= self.learning_rate * delta.sum(axis=0)
            delta = before


net = Network([1, 20, 20, 1])
x = rng.uniform(-1, 1, (32, 1))  # a few rows are enough
y = np.cos(3 * x)

# What is checked. The gradient is read off what one update changes.
parameters = net.weights + net.biases
learning_rate = net.learning_rate
layers = "tanh,tanh,tanh"  # the activation of each layer: with it, x and y a mistake gets its name


def loss():
    """One number, from the present parameters: the loss that training is to make small."""
    return np.mean((net.forward(x) - y) ** 2)


def update():
    """One step of plain gradient descent, on the same rows."""
    net.forward(x)
    net.backward(y)
'''
TEMPLATES = {"functions": FUNCTIONS, "class": CLASS}


MODULE = "_mlpdoctor_gradcheck"
NEEDED = ("parameters", "loss")
OPTIONAL = ("gradients", "update", "learning_rate", "layers", "x", "y", "masks")
CAPITALS = {"x": "X", "y": "Y"}
TEMPLATE = "'mlpdoctor gradcheck --example > net.py' writes a file that shows what is needed"


def check_file(path: str) -> GradientReport:
    """Run a Python file and check the gradient it defines; what it prints goes to standard error.

    Args:
        path: the file, which defines ``parameters``, ``loss``, ``gradients`` or ``update`` with ``learning_rate``, and
            may define ``layers``, ``x`` and ``y``.

    Raises:
        UsageError: there is no such file, or it cannot be run, or it lacks something.
        InputError: the gradient cannot be checked.
    """
    file = Path(path)
    if not file.is_file():
        raise UsageError(f"{path}: no such file; {TEMPLATE}")
    with stdout_apart(), _found_beside(file):
        defined = _run(file, path)
        missing = [name for name in NEEDED if name not in defined]
        if missing:
            raise UsageError(f"{path} defines no {' and no '.join(missing)}; {TEMPLATE}")
        given = {name: defined[name] for name in (*NEEDED, *OPTIONAL) if name in defined}
        for name, capital in CAPITALS.items():
            if name not in given and capital in defined:
                given[name] = defined[capital]
        return gradcheck(**given)


@contextmanager
def _found_beside(file: Path) -> Iterator[None]:
    """Modules beside the file are found meanwhile, as a script finds them."""
    folder = str(file.resolve().parent)
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)


def _run(file: Path, path: str) -> Mapping[str, Any]:
    spec = importlib.util.spec_from_loader(MODULE, None)
    assert spec is not None  # noqa: S101  it is None for a loader that cannot say whether it is a package
    module = importlib.util.module_from_spec(spec)
    module.__file__ = str(file)
    sys.modules[MODULE] = module
    try:
        exec(compile(file.read_bytes(), str(file), "exec"), vars(module))  # noqa: S102  that is what they asked for
    except SystemExit as fault:
        raise UsageError(f"{path} ends itself with sys.exit(); define the functions and let the file end") from fault
    except (OSError, SyntaxError, ValueError) as fault:
        line = f" (line {fault.lineno})" if isinstance(fault, SyntaxError) else _line(fault, file)
        raise UsageError(f"{path} cannot be run: {type(fault).__name__}: {_reason(fault)}{line}") from fault
    except Exception as fault:
        raise UsageError(
            f"{path} cannot be run: {type(fault).__name__}: {_reason(fault)}{_line(fault, file)}"
        ) from fault
    return vars(module)


def _reason(fault: Exception) -> str:
    text = fault.msg if isinstance(fault, SyntaxError) else str(fault)
    return " ".join(text.split())[:200]


def _line(fault: Exception, file: Path) -> str:
    lines = [frame.lineno for frame in traceback.extract_tb(fault.__traceback__) if frame.filename == str(file)]
    return f" (line {lines[-1]})" if lines else ""
