"""Which test files need Keras: those that import it, themselves or through another; told without running any."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

FRAMEWORKS = frozenset({"keras", "tensorflow"})
FOLDERS = (Path(__file__).parent, Path(__file__).parents[1] / "measure")
"""Where the modules that tests import stand."""
MAYBE = re.compile(r"^[ \t]*(?:from|import)[ \t]+(.+)|\bmark\.(keras)\b", re.MULTILINE)
"""What could be an import, or a mark: a look that is a hundred times quicker than parsing a file."""


@cache
def needs_keras(path: Path) -> bool:
    """Whether a file imports Keras or TensorFlow, whether it says so by a mark, or imports a module that does."""
    words = {
        word for found in MAYBE.findall(path.read_text(encoding="utf-8")) for word in re.findall(r"\w+", str(found))
    }
    return not words.isdisjoint(_names_that_need_it()) and _needs(path, set())


@cache
def _names_that_need_it() -> frozenset[str]:
    """The frameworks, and the modules in ``FOLDERS`` that need them."""
    files = {file for folder in FOLDERS for file in folder.rglob("*.py")}
    return FRAMEWORKS | {name for file in files if _needs(file, set()) for name in (file.stem, file.parent.name)}


def leaves_keras_out(expression: str) -> bool:
    """Whether a mark expression (``pytest -m``) asks for tests without Keras: a condition of it is ``not keras``."""
    if not expression.strip():
        return False
    try:
        whole = ast.parse(expression, mode="eval").body
    except SyntaxError:  # pytest says what is wrong with it
        return False
    joined = isinstance(whole, ast.BoolOp) and isinstance(whole.op, ast.And)
    conditions = whole.values if joined and isinstance(whole, ast.BoolOp) else [whole]
    return any(ast.unparse(condition) == "not keras" for condition in conditions)


def _needs(path: Path, seen: set[Path]) -> bool:
    if path in seen:
        return False
    seen.add(path)
    says_so, files = _read(path)
    return says_so or any(_needs(file, seen) for file in files)


@cache
def _read(path: Path) -> tuple[bool, tuple[Path, ...]]:
    """Whether a file itself says that it needs Keras, and the modules of the tests that it imports."""
    tree = ast.parse(path.read_bytes())
    if any(isinstance(node, ast.Attribute) and ast.unparse(node) == "pytest.mark.keras" for node in _marks(tree)):
        return True, ()
    names = set(_imported(tree))
    if any(name.partition(".")[0] in FRAMEWORKS for name in names):
        return True, ()
    files = (folder.joinpath(*name.split(".")).with_suffix(".py") for name in names for folder in FOLDERS)
    return False, tuple(file for file in files if file.exists())


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def _marks(tree: ast.Module) -> Iterator[ast.AST]:
    """What a file says of all its tests: ``pytestmark = pytest.mark.keras``."""
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and getattr(statement.targets[0], "id", None) == "pytestmark":
            yield from ast.walk(statement.value)
