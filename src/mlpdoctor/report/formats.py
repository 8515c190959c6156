"""The formats a report can be written in, by name and by suffix; each is imported when it is used."""

import importlib
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Protocol, cast

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.report_model import Report, Unread


class Render(Protocol):
    """Writes the reports of one run as text that ends in a newline."""

    def __call__(self, reports: Sequence[Report], unread: Sequence[Unread] = ()) -> str:
        """Write them.

        Args:
            reports: one for each model that could be looked at, in the order they were asked for.
            unread: the models that could not.
        """


@dataclass(frozen=True)
class Format:
    """One way of writing reports down.

    Attributes:
        name: as in ``--format``.
        suffixes: of the files that are written in it; none where it is only meant for standard output.
        module: what writes it.
        function: of that module.
    """

    name: str
    suffixes: tuple[str, ...]
    module: str
    function: str = "render"

    def render(self, reports: Sequence[Report], unread: Sequence[Unread] = ()) -> str:
        """The reports of one run as text."""
        render = cast(Render, getattr(importlib.import_module(f"mlpdoctor.report.{self.module}"), self.function))
        return render(reports, unread)


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        one.name: one
        for one in (
            Format("json", (".json",), "json.report"),
            Format("brief", (), "json.brief"),
            Format("sarif", (".sarif", ".sarif.json"), "sarif"),
            Format("code-scanning", (".github.sarif",), "sarif", "render_code_scanning"),
            Format("junit", (".xml",), "junit"),
            Format("github", (), "github"),
            Format("markdown", (".md", ".markdown"), "markdown"),
            Format("html", (".html", ".htm"), "html.page"),
        )
    }
)
"""All but ``terminal``, which depends on the terminal."""


def of_suffix(path: str) -> Format | None:
    """The format that a file of this name is written in, the longest suffix first; None for a suffix of none."""
    name = path.lower()
    fitting = [(len(end), one) for one in FORMATS.values() for end in one.suffixes if name.endswith(end)]
    return max(fitting, key=lambda pair: pair[0])[1] if fitting else None
