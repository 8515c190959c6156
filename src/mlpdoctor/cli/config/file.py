"""Finds and reads the configuration: ``[tool.mlpdoctor]`` of a pyproject.toml, or a TOML file of its own."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mlpdoctor.cli.config.keys import KEYS, TABLES, from_here, names, text
from mlpdoctor.cli.config.settings import Placed, Rules, Section, Way, line_of, positions
from mlpdoctor.cli.selection import Suppression, checked, known, matches
from mlpdoctor.cli.selection import find as find_rule
from mlpdoctor.core.errors import UsageError, closest
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.whole_file import patience

FILE = "pyproject.toml"
TABLE = "tool.mlpdoctor"


NOTHING = Section()


@dataclass(frozen=True)
class Named:
    """A model of the ``models`` table."""

    name: str
    model: str
    section: Section


@dataclass(frozen=True)
class Configuration:
    """All that a configuration file says; empty when there is none.

    Attributes:
        path: the file, None without one.
        top: what holds for all models.
        per_model: patterns of model files, and what holds for those.
        models: the models to check when none is given.
        suppressions: findings that are not to be reported.
        found: whether nobody named the file, and it was found in the working directory or above.
    """

    path: str | None = None
    top: Section = NOTHING
    per_model: tuple[tuple[tuple[str, ...], Section], ...] = ()
    models: tuple[Named, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    found: bool = False

    def sections(self, model: str) -> Iterator[Section]:
        """What holds for one model, the general first."""
        yield self.top
        yield from (section for patterns, section in self.per_model if matches(model, patterns))
        yield from (named.section for named in self.models if matches(model, (named.model,)))


def find(given: str | None, rules: Rules, *, isolated: bool = False) -> Configuration:
    """The configuration that holds.

    Args:
        given: the file the user names; None for the nearest pyproject.toml with a ``[tool.mlpdoctor]`` table in the
            working directory or above it.
        rules: to check names of rules and thresholds by.
        isolated: whether to look for none.

    Raises:
        UsageError: the file cannot be read, or says something that is not understood.
    """
    if given is not None:
        return read(Path(given), rules)
    if isolated:
        return Configuration()
    here = Path.cwd()
    for folder in (here, *here.parents):
        file = folder / FILE
        try:
            ours = b"mlpdoctor" in file.read_bytes()
        except OSError:
            continue
        # A file that is not about mlpdoctor is none of our business, even when it is broken.
        if ours and _table(_parsed(file, _text(file))) is not None:
            return replace(read(file, rules), found=True)
    return Configuration()


def read(file: Path, rules: Rules) -> Configuration:
    """What a file says."""
    text = _text(file)
    whole = _parsed(file, text)
    table = _table(whole)
    if table is None and file.name == FILE:
        raise UsageError(f"{_shown(file)}: there is no [{TABLE}] table in it")
    lines = positions(text)
    return _Reader(file, () if table is None else ("tool", "mlpdoctor"), lines, rules).configuration(
        whole if table is None else table
    )


def _text(file: Path) -> str:
    """What stands in a file, read once: it may be a pipe."""
    try:
        with patience(f"--config {file}: waiting; nobody writes to this named pipe yet"):
            return file.read_bytes().decode()
    except OSError as fault:
        raise UsageError(f"--config {file}: cannot be read: {fault.strerror}") from fault
    except UnicodeDecodeError as fault:
        raise UsageError(f"{_shown(file)}: is not valid TOML: {fault}") from fault


def _parsed(file: Path, text: str) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise UsageError(f"{_shown(file)}: is not valid TOML: {fault}") from fault


def _shown(file: Path) -> str:
    return from_here(Path(), str(file))


def _table(whole: Mapping[str, Any]) -> Any | None:  # noqa: ANN401  whatever stands there
    tool = whole.get("tool")
    return tool.get("mlpdoctor") if isinstance(tool, Mapping) else None


class _Reader:
    """Turns tables into sections, with the file and line of everything."""

    def __init__(self, file: Path, prefix: Way, lines: Mapping[Way, int], rules: Rules) -> None:
        self.folder = file.absolute().parent
        self.path = from_here(Path(), str(file.absolute()))
        self.prefix = prefix
        self.lines = lines
        self.rules = rules

    def configuration(self, table: Any) -> Configuration:  # noqa: ANN401
        table = self._mapping(table, ())
        self._no_strangers(table, (*KEYS, *TABLES), ())
        own = {name: value for name, value in table.items() if name in (*KEYS, "rules")}
        return Configuration(
            self.path,
            self._section(own, ()),
            tuple(self._per_model(table.get("per-model", []))),
            tuple(self._models(table.get("models", {}))),
            tuple(self._suppressions(table.get("suppress", []))),
        )

    def _section(self, table: Mapping[str, Any], way: Way) -> Section:
        values = {name: self._value(name, table[name], (*way, name)) for name in table if name != "rules"}
        return Section(values, self._thresholds(table.get("rules", {}), (*way, "rules")))

    def _value(self, name: str, value: Any, way: Way) -> Placed:  # noqa: ANN401
        taken = KEYS[name].kind(value, self._where(way), self.folder)
        if KEYS[name].rules:
            known(taken, self.rules(), self._where(way))
        return Placed(taken, self._origin(way), self.path)

    def _thresholds(self, table: Any, way: Way) -> dict[str, dict[str, Placed]]:  # noqa: ANN401
        found: dict[str, dict[str, Placed]] = {}
        for name, values in self._mapping(table, way).items():
            rule = find_rule(name, self.rules(), self._where(way))
            for threshold, value in self._mapping(values, (*way, name)).items():
                place = (*way, name, threshold)
                taken = checked(rule, threshold, value, self._where(place))
                found.setdefault(rule.code, {})[threshold.replace("-", "_")] = Placed(taken, self._origin(place))
        return found

    def _per_model(self, entries: Any) -> Iterator[tuple[tuple[str, ...], Section]]:  # noqa: ANN401
        for number, entry in enumerate(self._list(entries, "per-model")):
            way: Way = ("per-model", number)
            table = self._mapping(entry, way)
            self._no_strangers(table, ("models", *_of_model(), "rules"), way)
            patterns = self._patterns(table, way)
            if not patterns:
                raise UsageError(
                    f"{self._where(way)}: models is missing: say which, such as models = ['models/*.keras']"
                )
            yield patterns, self._section({name: table[name] for name in table if name != "models"}, way)

    def _models(self, table: Any) -> Iterator[Named]:  # noqa: ANN401
        for name, entry in self._mapping(table, ("models",)).items():
            way: Way = ("models", name)
            settings = {"model": entry} if isinstance(entry, str) else self._mapping(entry, way)
            self._no_strangers(settings, ("model", *_of_model(), "rules"), way)
            if "model" not in settings:
                raise UsageError(f"{self._where(way)}: model is missing: the path of the model file")
            model = from_here(self.folder, text(settings["model"], self._where((*way, "model")), self.folder))
            rest = {key: value for key, value in settings.items() if key != "model"}
            yield Named(name, model, self._section(rest, way))

    def _suppressions(self, entries: Any) -> Iterator[Suppression]:  # noqa: ANN401
        for number, entry in enumerate(self._list(entries, "suppress")):
            way: Way = ("suppress", number)
            table = self._mapping(entry, way)
            self._no_strangers(table, ("rule", "layer", "models", "reason"), way)
            for name in ("rule", "reason"):
                if not str(table.get(name, "")).strip():
                    raise UsageError(f"{self._where(way)}: {name} is missing: a suppression has a rule and a reason")
            words = {
                name: text(table[name], self._where((*way, name)), self.folder) for name in table if name != "models"
            }
            known((words["rule"],), self.rules(), self._where((*way, "rule")))
            yield Suppression(
                words["rule"], words["reason"], words.get("layer"), self._patterns(table, way), self._origin(way)
            )

    def _patterns(self, table: Mapping[str, Any], way: Way) -> tuple[str, ...]:
        written = names(table.get("models", []), self._where((*way, "models")), self.folder)
        return tuple(from_here(self.folder, pattern) for pattern in written)

    def _no_strangers(self, table: Mapping[str, Any], allowed: tuple[str, ...], way: Way) -> None:
        for name in table:
            if name not in allowed:
                hint = closest(name.replace("_", "-"), allowed, f"there are {', '.join(allowed)}")
                only = f"; {name} holds for all models, not for some" if name in KEYS else hint
                raise UsageError(f"{self._where((*way, name))}: there is no such key{only}")

    def _mapping(self, value: Any, way: Way) -> Mapping[str, Any]:  # noqa: ANN401
        if not isinstance(value, Mapping):
            raise UsageError(f"{self._where(way)}: expected a table, got {value!r}")
        return value

    def _list(self, value: Any, name: str) -> list[Any]:  # noqa: ANN401
        if not isinstance(value, list):
            raise UsageError(f"{self._where((name,))}: expected tables under [[{TABLE}.{name}]], got {value!r}")
        return value

    def _origin(self, way: Way) -> str:
        line = line_of((*self.prefix, *way), self.lines)
        return self.path if line is None else f"{self.path}:{line}"

    def _where(self, way: Way) -> str:
        dotted = ".".join(str(part) for part in (*self.prefix, *way) if isinstance(part, str))
        return f"{self._origin(way)}: {dotted}" if dotted else self._origin(way)


def _of_model() -> tuple[str, ...]:
    return tuple(key.name for key in KEYS.values() if key.of_model)
