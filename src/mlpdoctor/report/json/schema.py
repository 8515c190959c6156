"""The JSON Schemas (draft 2020-12) of what the commands print with ``--format json``, as they ship with the package."""

import json
from pathlib import Path

from mlpdoctor.report.json.report import OF_A_CURVE

FILE = Path(__file__).with_name("schema.json")
BRIEF = Path(__file__).with_name("brief_schema.json")
TRIALS = Path(__file__).with_name("trials_schema.json")
COMPARISON = Path(__file__).with_name("comparison_schema.json")

OF_A_MODEL = frozenset({"report", "several", "model", "unseen"})
"""Definitions of what only the report on a model holds."""


def of_check() -> str:
    """The schema as JSON text that ends in a newline."""
    return FILE.read_text(encoding="utf-8")


def of_brief() -> str:
    """The same of a line that ``--format brief`` prints."""
    return BRIEF.read_text(encoding="utf-8")


def of_a_curve() -> str:
    """The same of what ``curve --format json`` prints: the report of ``check`` without a model."""
    other = json.loads(FILE.read_text(encoding="utf-8"))
    report = other["$defs"]["report"]
    properties = {name: report["properties"][name] for name in OF_A_CURVE}
    whole = {
        "$schema": other["$schema"],
        "$id": other["$id"].replace(":report:", ":curve:"),
        "title": "What mlpdoctor curve --format json prints",
        "type": "object",
        "properties": {**properties, "history": {"$ref": "#/$defs/history"}},
        "required": list(OF_A_CURVE),
        "additionalProperties": False,
        "$defs": {name: value for name, value in other["$defs"].items() if name not in OF_A_MODEL},
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


IN_TRIALS = ("schema_version", "tool", "model", "data", "ladder", "findings", "ruled_out", "timing")
"""Keys that mean what they mean in the JSON of ``check``."""


def of_treat() -> str:
    """The schema as JSON text that ends in a newline."""
    own, other = (json.loads(file.read_text(encoding="utf-8")) for file in (TRIALS, FILE))
    report = other["$defs"]["report"]["properties"]
    properties = {name: report[name] if name in IN_TRIALS else value for name, value in own["properties"].items()}
    shared = {name: value for name, value in other["$defs"].items() if name not in {"report", "several"}}
    whole = {**own, "properties": properties, "$defs": {**shared, **own["$defs"]}}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


IN_COMPARISON = ("code", "name", "severity", "tool", "model", "data")
"""Parts that mean what they mean in the JSON of ``check``."""


def of_compare() -> str:
    """The schema as JSON text that ends in a newline."""
    own, other = (json.loads(file.read_text(encoding="utf-8")) for file in (COMPARISON, FILE))
    shared = {name: other["$defs"][name] for name in IN_COMPARISON}
    return json.dumps({**own, "$defs": {**shared, **own["$defs"]}}, indent=2, ensure_ascii=False) + "\n"
