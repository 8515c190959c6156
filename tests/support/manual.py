"""README and the manual: their pages, the parts of them that the tool itself writes, and those parts written again.

Generated are: the table of rules and the pages of rules, README's table of topics, the help in ``text`` blocks, what
follows a ``$ mlpdoctor`` line in ``console`` blocks, and the signature in ``python`` blocks.
"""

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from paths import ROOT, SOURCE
from shell import run

from mlpdoctor.cli.manual import PAGES, topics
from mlpdoctor.core.check import Rule
from mlpdoctor.report import rule_page
from mlpdoctor.report.catalogue import rules
from mlpdoctor.report.markdown import table

README = ROOT / "README.md"
PROGRAM = "mlpdoctor"
ELSEWHERE = {"mlpdoctor check cnn.keras images.npz"}
"""Commands whose files are not in the checkout: a test makes the files and runs them."""
TABLE = re.compile(r"^\| code \| name \| up to \| .*\n(?:\|.*\n)+", re.MULTILINE)
TOPICS = re.compile(r"^\| topic \| .*\n(?:\|.*\n)+", re.MULTILINE)
HELP = re.compile(r"^```text\nUsage: mlpdoctor ?(\w*).*?\n```$", re.MULTILINE | re.DOTALL)
CONSOLE = re.compile(r"^```console\n(.*?\n)```$", re.MULTILINE | re.DOTALL)
SIGNATURE = re.compile(r"^```python\n@check\(.*?\n```$", re.MULTILINE | re.DOTALL)
RULE_PAGES = re.compile(r"(?<=^## The pages\n\n).*", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^(#{1,6}) (.+)$", re.MULTILINE)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHOWN = SOURCE / "checks" / "units" / "dead_relu.py"
"""The rule whose signature the manual shows."""


def pages() -> list[Path]:
    """README and every page of the manual."""
    return [README, *sorted(PAGES.glob("*.md"))]


def read(page: Path) -> str:
    """The text of a page."""
    return page.read_text(encoding="utf-8")


def blocks(text: str) -> list[tuple[str, str]]:
    """Language and content of each fenced block."""
    return FENCE.findall(text)


def prose(text: str) -> str:
    """The text without its fenced blocks."""
    return FENCE.sub("", text)


def shown_commands(text: str) -> Iterator[tuple[str, str]]:
    """Each command after a ``$`` with what the page shows below it; nothing where it only tells what to type."""
    for content in CONSOLE.findall(text):
        for part in re.split(r"^\$ ", content, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield command, output


def fresh(text: str) -> str:
    """A page with what is generated in it generated again."""
    writers: Mapping[re.Pattern[str], Callable[[re.Match[str]], str]] = {
        TABLE: lambda _: rule_table(),
        TOPICS: lambda _: topic_table(),
        HELP: lambda found: f"```text\n{printed(found[1] if found[1].islower() else '', '--help')}```",
        CONSOLE: lambda found: f"```console\n{_with_outputs(found[0])}```",
        SIGNATURE: lambda _: f"```python\n{signature()}```",
        RULE_PAGES: lambda _: rule_pages(),
    }
    for pattern, writer in writers.items():
        text = pattern.sub(writer, text)
    return text


def _with_outputs(block: str) -> str:
    parts = []
    for command, output in shown_commands(block):
        told = printed(*shlex.split(command)[1:]) if output and command not in ELSEWHERE else output
        parts.append(f"$ {command}\n{told}")
    return "".join(parts)


def printed(*words: str) -> str:
    """What the tool prints in the checkout, to a screen of 80 columns, without empty lines around it."""
    done = run(ROOT, *filter(None, words), COLUMNS="80")
    assert done.status < 2, done
    return done.out.strip("\n") + "\n"


def rule_table() -> str:
    """The table of all rules; each code leads to the rule's page."""
    text = rule_page.list_as_markdown(rules())
    for rule in rules():
        text = text.replace(f"\n| {rule.code} | {rule.name} |", f"\n| [{rule.code}](#{anchor(rule)}) | {rule.name} |")
    return text


def anchor(rule: Rule) -> str:
    """What GitHub calls the heading of a rule's page."""
    return f"{rule.code.lower()}-{rule.name}"


def topic_table() -> str:
    """README's table of the manual's pages."""
    rows = [(f"[{name}]({PAGES.relative_to(ROOT)}/{name}.md)", heading) for name, heading in topics().items()]
    return table(("topic", "what it tells"), rows) + "\n"


def signature() -> str:
    """The decorator and the parameters of a rule, from its source."""
    source = SHOWN.read_text(encoding="utf-8")
    start = source.index("@check(")
    return source[start : source.index('    """', start)].rstrip("\n") + " ...\n"


def rule_pages() -> str:
    """The page of every rule, one after the other."""
    return "\n".join(rule_entry(rule) for rule in rules())


def rule_entry(rule: Rule) -> str:
    """What ``explain`` gives, two levels down, with the parts in bold: GitHub's outline then lists rules alone."""
    first, *rest = rule_page.as_markdown(rule).split("\n")
    lines = (f"**{line.removeprefix('## ')}**" if line.startswith("## ") else line for line in rest)
    return "\n".join((f"##{first}", *lines))


def slug(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    words = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower())
    return words.replace(" ", "-")


def anchors(text: str) -> list[str]:
    """The anchors of a page, one for each heading."""
    return [slug(heading) for _, heading in HEADING.findall(prose(text))]


def links(text: str) -> list[str]:
    """Where the links of a page lead."""
    return re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`(?!\])", "", prose(text)))


def command_lines(text: str) -> list[str]:
    """Every call of mlpdoctor that a page shows with its words: in blocks and in the middle of a sentence."""
    lines = [line for kind, content in blocks(text) if kind in {"sh", "yaml"} for line in content.splitlines()]
    lines += [command for command, _ in shown_commands(text)]
    spans = re.findall(r"`([^`\n]+)`", prose(text))
    calls = [re.search(rf"(?<![\w/-]){PROGRAM} ([a-z].*)", part) for part in (*lines, *spans)]
    return [found[1] for found in calls if found and not found[1].startswith(("--", "docs/"))]
