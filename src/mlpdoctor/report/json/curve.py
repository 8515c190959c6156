"""What ``curve`` found, as one JSON object: that of ``check`` without a model."""

import json
from typing import Any

from mlpdoctor.core.report_model import Report
from mlpdoctor.report.json import schema
from mlpdoctor.report.json.report import as_object as of_check
from mlpdoctor.report.json.report import clean

KEYS = (
    "schema_version",
    "tool",
    "history",
    "data",
    "verdict",
    "ladder",
    "findings",
    "ruled_out",
    "checks",
    "timing",
)


def render(report: Report) -> str:
    """JSON text that ends in a newline."""
    return json.dumps(clean(as_object(report)), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def as_object(report: Report) -> dict[str, Any]:
    """The report as plain values."""
    whole = of_check(report)
    return {name: whole[name] for name in KEYS}


def schema_text() -> str:
    """The JSON Schema (draft 2020-12) of it, whose parts are those of the schema of ``check``."""
    other = json.loads(schema.FILE.read_text(encoding="utf-8"))
    report = other["$defs"]["report"]
    properties = {name: report["properties"][name] for name in KEYS}
    whole = {
        "$schema": other["$schema"],
        "$id": other["$id"].replace(":report:", ":curve:"),
        "title": "What mlpdoctor curve --format json prints",
        "type": "object",
        "properties": {**properties, "history": {"$ref": "#/$defs/history"}},
        "required": list(KEYS),
        "additionalProperties": False,
        "$defs": {name: value for name, value in other["$defs"].items() if name not in {"report", "several", "model"}},
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
