"""Writes the generated parts of the map, ``src/mlpdoctor/README.md``: what each room holds, and who imports whom."""

import ast
import re
from collections import Counter
from collections.abc import Mapping

from paths import SOURCE
from rooms import ALLOWED, arrows, package

MAP = SOURCE / "README.md"
PART = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
NONE = "."
"""Stands where a room could import another and does not, so that the eye finds the column."""


def room_of(module: str) -> str:
    """The room that a module is in; of one at the top, its own name."""
    return module.split(".")[1]


def counted(modules: Mapping[str, str]) -> Counter[tuple[str, str]]:
    """How many arrows lead from the modules of one room to those of another, or of the same."""
    graph = arrows(modules)
    return Counter((room_of(module), room_of(target)) for module in graph for target in graph[module])


def table_of_rooms(modules: Mapping[str, str]) -> str:
    """A Markdown table: each room, what the first line of its ``__init__`` says, and how many modules it has."""
    sizes = Counter(map(room_of, modules))
    lines = ["| room | what it holds | modules |", "|---|---|---|"]
    for room in ALLOWED:
        tree = ast.parse((SOURCE / room / "__init__.py").read_text(encoding="utf-8"))
        said = (ast.get_docstring(tree) or "").partition("\n")[0]
        lines.append(f"| [`{room}`]({room}) | {said} | {sizes[room]} |")
    return "\n".join(lines)


def table_of_arrows(modules: Mapping[str, str]) -> str:
    """The counts as a triangle of text: a line for each room that imports, a column for each that is imported."""
    counts, rooms = counted(modules), list(ALLOWED)
    margin = max(map(len, rooms))
    widths = [len(room) for room in rooms]
    lines = [f"{'':{margin}}  " + "  ".join(rooms)]
    for place, room in enumerate(rooms):
        cells = [str(counts[room, other] or NONE) for other in rooms[: place + 1]]
        lines.append(
            f"{room:{margin}}  " + "  ".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=False))
        )
    return "\n".join(["```text", *lines, "```"])


def fresh(text: str) -> str:
    """The map with its generated parts generated again."""
    modules = package()
    parts = {"rooms": table_of_rooms(modules), "arrows": table_of_arrows(modules)}
    return PART.sub(lambda found: f"{found[1]}{parts[found[2]]}\n{found[3]}", text)


def refresh() -> None:
    """Write the map again where it is stale."""
    text = MAP.read_text(encoding="utf-8")
    if (again := fresh(text)) != text:
        MAP.write_text(again, encoding="utf-8")
