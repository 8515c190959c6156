"""The rules and their pages, read from the source of the checks without importing them.

``mlpdoctor rules`` and ``explain`` answer in the time it takes to start Python: importing the checks would import
NumPy. A test holds this reading against the imported checks.
"""

import ast
import inspect
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from mlpdoctor.core.check import EVERYTHING, Part, Role, Rule, Stage
from mlpdoctor.core.finding import Severity

CHECKS = Path(__file__).parents[1] / "checks"
QUOTES = '"""'


@cache
def rules() -> tuple[Rule, ...]:
    """All rules, ordered by code."""
    found = [rule for path in CHECKS.rglob("*.py") if (rule := _rule_in(path)) is not None]
    return tuple(sorted(found, key=lambda rule: rule.code))


def _rule_in(path: Path) -> Rule | None:
    text = path.read_text(encoding="utf-8")
    start = text.find("\n@check(")
    if start < 0:
        return None
    # The decorator, the signature and the page are all there is to know: parsing the rest would take twice as long.
    page = text.index(QUOTES, start)
    tree = ast.parse(text[start : text.index(QUOTES, page + len(QUOTES)) + len(QUOTES)])
    for function in tree.body:
        if isinstance(function, ast.FunctionDef):
            for decorator in function.decorator_list:
                if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", None) == "check":
                    return _rule(function, decorator)
    return None


def _rule(function: ast.FunctionDef, decorator: ast.Call) -> Rule:
    code, severity, message = decorator.args
    options = {word.arg: word.value for word in decorator.keywords}
    defaults = zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
    return Rule(
        code=ast.literal_eval(code),
        name=function.name.replace("_", "-"),
        severity=Severity[ast.unparse(severity).removeprefix("Severity.")],
        message=ast.literal_eval(message),
        clears=_text(options.get("clears")),
        page=inspect.cleandoc(ast.get_docstring(function) or ""),
        thresholds={name.arg: ast.literal_eval(value) for name, value in defaults if value is not None},
        stage=Stage[ast.unparse(options["stage"]).removeprefix("Stage.")],
        about=_parts(options.get("about")),
        disturbs=_parts(options.get("disturbs")),
        because=tuple((_text(options.get("because")) or "").split()),
        role=Role[ast.unparse(options["role"]).removeprefix("Role.")] if "role" in options else Role.CAUSE,
        names=ast.literal_eval(options["names"]) if "names" in options else (),
        milder=_milder(options.get("milder")),
        worsens=tuple((_text(options.get("worsens")) or "").split()),
        unfinished="unfinished" in options,
        untreatable=_text(options.get("untreatable")),
    )


def _text(node: ast.expr | None) -> str | None:
    return None if node is None else str(ast.literal_eval(node))


def _parts(node: ast.expr | None) -> Part:
    """``Part.PACE | Part.LOSS`` as it stands in the source."""
    found = Part.NOTHING
    for name in ast.unparse(node).split(" | ") if node is not None else ():
        found |= EVERYTHING if name == "EVERYTHING" else Part[name.removeprefix("Part.")]
    return found


def _milder(node: ast.expr | None) -> dict[Severity, Part]:
    """``{Severity.NOTE: Part.NOTHING}`` as it stands in the source."""
    pairs = zip(node.keys, node.values, strict=True) if isinstance(node, ast.Dict) else ()
    return {Severity[ast.unparse(key).removeprefix("Severity.")]: _parts(value) for key, value in pairs if key}


FAMILIES = {
    "A": "architecture",
    "O": "output contract",
    "W": "file and state",
    "U": "units",
    "L": "floors",
    "G": "steps and gradients",
    "D": "data",
    "H": "history",
}
"""What the first letter of a code says."""


def family(rule: Rule) -> str:
    """What kind of fault a rule looks for."""
    return FAMILIES.get(rule.code[0], "other")


CODE = re.compile(r"(?::\w+:)?(`+)([^`]+)\1")
"""Code in a docstring: ``this``, or a reference with its role."""


def sections(text: str) -> Iterator[tuple[str, str]]:
    """Headings with the paragraph below each, its lines joined, in the words and with the marks that users read."""
    heading = ""
    lines: list[str] = []
    for line in text.splitlines()[1:]:
        if line and not line.startswith(" "):
            if heading:
                yield heading, readable(" ".join(lines))
            heading, lines = line, []
        elif line:
            lines.append(line.strip())
    if heading:
        yield heading, readable(" ".join(lines))


def readable(text: str) -> str:
    """A docstring's text as people read it: code between single backticks, as in a chat."""
    return CODE.sub(r"`\2`", text)
