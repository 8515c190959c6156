"""The manual that comes with the package: the topics it has, and the page on each."""

from pathlib import Path

from mlpdoctor.core.errors import UsageError, closest

PAGES = Path(__file__).parents[1] / "docs"
ORDER = (
    "using",
    "python",
    "files",
    "configuration",
    "ci",
    "rules",
    "ladder",
    "losses",
    "curve",
    "treat",
    "gradcheck",
    "html",
    "accuracy",
    "scale",
    "limits",
)
"""The topics as one would read them."""


def topics() -> dict[str, str]:
    """What each topic is about, by its name, in the words of its page's heading: those behind the colon."""
    return {path.stem: _about(path) for path in (PAGES / f"{name}.md" for name in ORDER)}


def listing() -> str:
    """A line for each topic."""
    known = topics()
    width = max(map(len, known))
    lines = [f"  {name:{width}}  {about}\n" for name, about in known.items()]
    return "".join(("Topics of the manual:\n", *lines, "\nRead one with: mlpdoctor docs using\n"))


def page(topic: str) -> str:
    """The page on a topic, as Markdown.

    Raises:
        UsageError: there is none, with the names that are near.
    """
    known = topics()
    if topic.lower() not in known:
        hint = closest(topic, known, "'mlpdoctor docs' lists them all")
        raise UsageError(f"the manual has no topic {topic!r}{hint}")
    return (PAGES / f"{topic.lower()}.md").read_text(encoding="utf-8")


def _about(path: Path) -> str:
    with path.open(encoding="utf-8") as lines:
        return next(lines).rstrip("\n").partition(": ")[2]
