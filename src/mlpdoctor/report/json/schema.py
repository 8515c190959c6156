"""The JSON Schema (draft 2020-12) of what ``check --format json`` prints, as it ships with the package."""

import json
from pathlib import Path

from mlpdoctor.report.json.report import OF_A_CURVE

FILE = Path(__file__).with_name("schema.json")
BRIEF = Path(__file__).with_name("brief_schema.json")


OF_CHECK = frozenset({"report", "several", "model", "unseen"})
"""Definitions of what only the report on a model holds."""


def text() -> str:
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
        "$defs": {name: value for name, value in other["$defs"].items() if name not in OF_CHECK},
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
