"""README and the manual are true: their commands, options, paths, links and numbers are those of the tool."""

import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import click
import manual
import pytest
import yaml
from paths import ROOT
from shell import run

from mlpdoctor.cli.main import MODULES, commands
from mlpdoctor.cli.manual import ORDER, PAGES, topics
from mlpdoctor.core.check import Rule
from mlpdoctor.core.project import REPOSITORY, rule_address
from mlpdoctor.report import rule_page
from mlpdoctor.report.catalogue import rules
from mlpdoctor.report.formats import FORMATS

README = manual.read(manual.README)
RULES = manual.read(PAGES / "rules.md")
LONGEST = 200
"""Lines of README: what is more belongs into the manual."""
BLOCKS = {"": "a drawing", "console": "what the tool prints", "text": "its help", "sh": "commands", "toml": "settings"}
BLOCKS |= {"yaml": "a pipeline", "python": "a signature, or an example", "diff": "what treat prints"}
"""Kinds of blocks. All but drawings are held against the tool: here, in ``test_manual_is_fresh``, ``test_automation``
(settings, calls of jq), ``test_treat_command`` (what treat prints) and ``test_custom_objects`` (Keras's own layers)."""
OF_OTHERS = {
    "--alone": "tests/benchmarks/ladder_sizes.py",
    "--rows": "tests/benchmarks/ladder_sizes.py",
    "--every": "tests/conftest.py",
    "--first-seed": "tests/measure/recall.py",
    "--reports": "tests/measure/recall.py",
    "--hypothesis-profile": "tests/conftest.py",
    "--benchmark-enable": "tests/benchmarks/test_hot_loops.py",
    "--check": ".ci/run",
    "--mlpdoctor-report": "src/mlpdoctor/api/pytest_plugin.py",
    "--strict": None,
}
"""Options of other programs, and where in the checkout each is known; mypy's own is nowhere."""
RUN = (manual.README, PAGES / "python.md")
"""Pages whose examples ``test_python_page`` runs."""
PLACEHOLDER = "OWNER"
MARKED = "## Names that do not exist yet"
of_every_page = pytest.mark.parametrize("page", manual.pages(), ids=lambda page: page.stem)


def test_the_first_block_holds_the_two_commands_that_ci_runs() -> None:
    block = re.search(r"```console\n(.*?)```", README, re.DOTALL)
    assert block is not None
    lines = block[1].splitlines()
    assert len(lines) == 2
    assert all(line.startswith("$ python3 -m venv .venv && ") for line in lines)
    assert "mlpdoctor check fixtures/" in lines[0]
    assert "pytest" in lines[1]


def test_the_status_of_the_first_command_is_told_before_it() -> None:
    assert "exit status 1" in README[: README.index("```console")]


def test_readme_stays_short() -> None:
    assert len(README.splitlines()) <= LONGEST


def test_the_report_is_shown_whole() -> None:
    """The outputs are compared in ``test_manual_is_fresh.py``; here, that they are there."""
    shown = {command: output for page in manual.pages() for command, output in manual.shown_commands(manual.read(page))}
    report = shown["mlpdoctor check fixtures/three-points/model.keras fixtures/three-points/data.csv"]
    assert "stuck at 0.005676" in report
    assert "H801" in shown[
        "mlpdoctor curve fixtures/three-points/history.txt --data fixtures/three-points/data.csv"
    ]  # fmt: skip


def test_the_helps_of_the_commands_are_there() -> None:
    shown = {name for page in manual.pages() for name in manual.HELP.findall(manual.read(page))}
    assert {"", "check", "curve", "treat"} <= shown


def test_what_is_stale_is_noticed() -> None:
    stale = "# x: y\n\n| code | name | up to | what it sees |\n|---|---|---|---|\n| A101 | old | error | Old. |\n\ny\n"
    stale += "\n```text\nUsage: mlpdoctor [OPTIONS] COMMAND [ARGS]...\n\nold\n```\n"
    stale += "\n| topic | x |\n|---|---|\n\n```console\n$ mlpdoctor rules\nold\n```\n\n```console\n$ make tea\n```\n"
    stale += "\n```python\n@check(old)\n```\n\n## The pages\n\nold\n"
    written = manual.fresh(stale)
    assert "| [A101](#a101-missing-nonlinearity) | missing-nonlinearity | error |" in written
    assert "Say why a neural network's loss is stuck" in written
    assert "| [ladder](src/mlpdoctor/docs/ladder.md) |" in written
    assert "$ mlpdoctor rules\nA101  missing-nonlinearity" in written
    assert "$ make tea\n```" in written
    assert '@check(\n    "U401"' in written
    assert "**Why it matters**" in written
    assert "old" not in written.replace("threshold", "").split("## The pages")[0]
    assert manual.fresh(written) == written


def test_the_table_has_every_rule_with_its_own_words() -> None:
    rows = re.findall(r"^\| \[([A-Z]\d{3})\]\(#(.+?)\) \| (.+?) \| (.+?) \| (.+?) \|$", RULES, re.MULTILINE)
    assert rows == [(rule.code, manual.anchor(rule), rule.name, rule.severity.value, rule.summary) for rule in rules()]


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.code)
def test_the_address_of_a_rule_leads_to_its_page(rule: Rule) -> None:
    page, _, anchor = rule_address(rule.code, rule.name).removeprefix(f"{REPOSITORY}/blob/main/").partition("#")
    assert anchor in manual.anchors(manual.read(ROOT / page))
    entry = RULES.partition(f"### {rule.code} {rule.name}\n")[2].partition("\n### ")[0]
    told = rule_page.as_object(rule)
    assert all(f"**{heading}**" in entry for heading in told["sections"])
    assert all(f"`{name} = {value}`" in entry for name, value in rule.thresholds.items())


@of_every_page
def test_every_path_it_names_exists(page: Path) -> None:
    named = re.findall(r"(?<![\w/.-])(?:fixtures|tests|src|\.ci|\.github)/[\w./-]+", manual.read(page))
    paths = {path.rstrip("/*-.") for path in named}
    missing = [path for path in paths if not (ROOT / path).exists() and not list(ROOT.glob(f"{path}*"))]
    assert not missing


def broken(page: Path, text: str) -> list[str]:
    """The links of a page that lead nowhere."""
    lost = []
    for link in manual.links(text):
        path, _, anchor = link.partition("#")
        target = page.parent / path
        if link.startswith("https://"):
            continue
        if not target.exists() or (anchor and anchor not in manual.anchors(manual.read(target) if path else text)):
            lost.append(link)
    return lost


@of_every_page
def test_every_link_leads_somewhere(page: Path) -> None:
    text = manual.read(page)
    assert broken(page, text) == []
    headings = manual.anchors(text)
    assert len(set(headings)) == len(headings), "GitHub numbers the second of two equal headings"


def test_a_broken_link_is_noticed() -> None:
    text = "# One: two\n[a](ladder.md) [`b`](nowhere.md) [c](ladder.md#certificates) [d](ladder.md#nothing)"
    text += " [e](#one-two) [f](#three)"
    assert broken(PAGES / "using.md", text) == ["nowhere.md", "ladder.md#nothing", "#three"]


def test_every_page_is_reached_from_readme_and_the_list() -> None:
    assert set(ORDER) == {path.stem for path in PAGES.glob("*.md")}
    assert {f"src/mlpdoctor/docs/{name}.md" for name in ORDER} <= set(manual.links(README))
    assert all(topics().values()), "a heading is 'Name: what it is about'"


@of_every_page
def test_nothing_in_it_steers_a_terminal(page: Path) -> None:
    assert all(line.isprintable() for line in manual.read(page).split("\n"))


def whole() -> click.Context:
    """The context that the commands are in when they are typed."""
    return click.Context(commands, info_name=manual.PROGRAM, **commands.context_settings)


def command_of(name: str) -> click.Command:
    """The command of that name."""
    command = commands.get_command(whole(), name)
    assert command is not None, f"there is no command {name}"
    return command


def options() -> set[str]:
    """All options of all commands."""
    return {
        name
        for command in (commands, *map(command_of, MODULES))
        for param in command.get_params(whole())
        for name in (*param.opts, *param.secondary_opts)
        if name.startswith("--")
    }


@of_every_page
def test_every_option_it_names_exists(page: Path) -> None:
    named = set(re.findall(r"(?<![\w-])--[a-z]+(?:-[a-z]+)*(?![\w-])", manual.read(page)))
    assert named - options() - set(OF_OTHERS) == set()
    for name in named & set(OF_OTHERS):
        where = OF_OTHERS[name]
        assert where is None or name in (ROOT / where).read_text() or "benchmark" in where or "profile" in name


def parsed(line: str) -> None:
    """Have the command line read as a run would read it, up to where the command would start."""
    words = shlex.split(re.split(r"[|<]|\s#", line)[0])
    command = command_of(words[0])
    given = command.make_context(words[0], words[1:], parent=whole()).params
    if words[0] == "explain":
        assert given["rule"] in {name for rule in rules() for name in (rule.code, rule.name)}
    if words[0] == "docs" and given["topic"]:
        assert given["topic"] in ORDER


@of_every_page
def test_every_command_it_shows_can_be_typed(page: Path) -> None:
    for line in manual.command_lines(manual.read(page)):
        parsed(line)


@pytest.mark.parametrize("line", ["chekc a.keras", "check a.keras --no-such", "check --fail-on soon", "docs ladders"])
def test_a_command_that_is_not_there_is_noticed(line: str) -> None:
    text = f"Say `mlpdoctor {line}` and look.\n"
    assert manual.command_lines(text) == [line]
    with pytest.raises((AssertionError, click.UsageError)):
        parsed(line)


@of_every_page
def test_every_block_is_of_a_kind_that_is_checked(page: Path) -> None:
    text = manual.read(page)
    assert text.count("```") == 2 * len(manual.blocks(text)), "a fence is left open"
    for language, content in manual.blocks(text):
        assert language in BLOCKS
        assert language != "text" or content.startswith("Usage: mlpdoctor")
        assert language != "python" or content.startswith("@check(") or page in RUN
        assert language != "console" or content.startswith("$ ")
        assert language != "" or "-->" in content
        if language == "yaml":
            yaml.safe_load(content)


def test_the_action_is_given_what_it_takes() -> None:
    inputs = yaml.safe_load((ROOT / ".github" / "actions" / "check" / "action.yml").read_text())["inputs"]
    (step,) = (
        step
        for language, content in manual.blocks(manual.read(PAGES / "ci.md"))
        if language == "yaml" and "steps:" in content
        for step in yaml.safe_load(content)["steps"]
        if step["uses"].endswith("/.github/actions/check")
    )
    assert set(step["with"]) <= set(inputs)
    parsed(f"check {step['with']['args']}")


def test_all_formats_and_suffixes_are_listed() -> None:
    rows = re.findall(r"^\| `(\w[\w-]*)` \|([^|]*)\|", manual.read(PAGES / "ci.md"), re.MULTILINE)
    listed = {name: set(re.findall(r"`([^`]+)`", suffixes)) for name, suffixes in rows}
    assert listed == {name: set(form.suffixes) for name, form in FORMATS.items()} | {"terminal": {".txt"}}


def test_the_keys_of_the_json_are_those_it_lists() -> None:
    text = " ".join(manual.read(PAGES / "using.md").split())
    of_one, of_several = re.findall(r"`(schema_version, tool, [\w, ]+)`", text)
    one, other = (ROOT / "fixtures" / name / "model.keras" for name in ("three-points", "three-points-untrained"))
    data = one.parent / "data.csv"
    for keys, words in ((of_one, (one, data)), (of_several, (one, other, data))):
        printed = run(ROOT, "check", *words, "--format", "json").out
        assert list(yaml.safe_load(printed)) == keys.split(", ")


def test_the_names_that_do_not_exist_yet_stand_in_one_place() -> None:
    before, mark, rest = manual.read(PAGES / "ci.md").partition(MARKED)
    section, end, after = rest.partition("\n## ")
    assert mark
    assert end
    assert REPOSITORY in section
    elsewhere = [before, after, *(manual.read(page) for page in manual.pages() if page.stem != "ci")]
    assert not any(name in text for text in elsewhere for name in (PLACEHOLDER, "pip install mlpdoctor", "rev: v"))


def test_all_addresses_are_the_placeholder_and_agree() -> None:
    """When the address is known it changes in ``project.py``, in ``pyproject.toml`` and in that one section."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["authors"]
    assert project["urls"]["Repository"] == REPOSITORY
    assert all(url.startswith(REPOSITORY) for url in project["urls"].values())
    for url in project["urls"].values():
        inside = url.removeprefix(REPOSITORY).partition("/blob/main/")[2] or url.partition("/tree/main/")[2]
        assert (ROOT / inside).exists()
    text = "".join(map(manual.read, manual.pages()))
    addresses = set(re.findall(r"https://github\.com/\S+?/\w+", text))
    assert addresses == {REPOSITORY}


def test_the_manual_is_shipped() -> None:
    package = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["mlpdoctor"]
    assert "docs/*.md" in package


def found(pattern: str, text: str) -> tuple[str, ...]:
    """What the groups of a pattern hold, which must be there."""
    match = re.search(pattern, text)
    assert match is not None, pattern
    return tuple(match.groups())


def test_readme_gives_the_measured_numbers() -> None:
    accuracy, treat = (" ".join(manual.read(PAGES / f"{name}.md").split()) for name in ("accuracy", "treat"))
    told = " ".join(README.partition("## How often it is right")[2].partition("\n## ")[0].split())
    row = found(r"nobody had looked at \| (\d+) \| \d+, (\d+ %) \| [^|]* \| \d+, (\d+ %)", accuracy)
    assert found(r"Of (\d+) models .*?, (\d+ %) .*? in (\d+ %)", told) == row
    reports = found(r"Together \d+ of (\d+) led with the right cause \((\d+) %\)", accuracy)
    assert found(r"Of (\d+) networks with faults as people report them, .*? in (\d+) %", told) == reports
    seen, alarms, others, none = found(
        r"Of (\d+) healthy, well-trained models none .*? (one) of (\d+) healthy ones .*? none of (\d+)\.", accuracy
    )
    (every,) = found(r"Of (\d+) healthy, well-trained models none got an error and one a warning", told)
    assert (int(every), alarms) == (int(seen) + int(others) + int(none), "one")
    lines = found(r"of (\d+) lines that a machine can put in, (\d+) help", accuracy)
    assert (
        found(r"Of (\d+) lines of code that head such reports and that a machine can put in, (\d+) help", told) == lines
    )
    cured = found(r"Of (\d+) models with a fault, `treat` cured (\d+ %)", told)
    assert found(r"Of (\d+) such models .* were cured \((\d+ %):", treat) == cured


def test_the_sums_of_the_measurement_are_right() -> None:
    text = manual.read(PAGES / "accuracy.md")
    rows = [
        [int(number) for number in cells]
        for cells in re.findall(r"^\| [A-Z] [\w ]+?, (\d+) rules \| (\d+) \|", text, re.MULTILINE)
    ]
    total = re.search(r"\| all, (\d+) rules \| (\d+) \| (\d+), ", text)
    assert total is not None
    assert [sum(column) for column in zip(*rows, strict=True)] == [int(total[1]), int(total[2])]
    crosses = re.findall(r"^\| [A-Z] [\w ]+? \| (\d+) \|((?:[ \d]*\|){8})$", text, re.MULTILINE)
    assert len(crosses) == len(rows)
    for models, cells in crosses:
        assert sum(int(cell) for cell in cells.split("|") if cell.strip()) == int(models)


def test_ci_runs_with_nothing_but_the_readme(tmp_path: Path) -> None:
    """The script reads the commands out of README, so a README without them must fail it."""
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci" / "run").write_text((ROOT / ".ci" / "run").read_text())
    (tmp_path / "README.md").write_text("# nothing\n")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    done = subprocess.run(["bash", ".ci/run"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "two commands" in done.stdout
