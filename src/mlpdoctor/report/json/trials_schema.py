"""The JSON Schema (draft 2020-12) of what ``treat --format json`` prints; what it shares with ``check`` is its."""

import json
from pathlib import Path

from mlpdoctor.report.json import schema

FILE = Path(__file__).with_name("trials_schema.json")
OF_CHECK = ("schema_version", "tool", "model", "data", "ladder", "findings", "ruled_out", "timing")
"""Keys that mean what they mean in the JSON of ``check``."""


def text() -> str:
    """The schema as JSON text that ends in a newline."""
    own, other = (json.loads(file.read_text(encoding="utf-8")) for file in (FILE, schema.FILE))
    report = other["$defs"]["report"]["properties"]
    properties = {name: report[name] if name in OF_CHECK else value for name, value in own["properties"].items()}
    shared = {name: value for name, value in other["$defs"].items() if name not in {"report", "several"}}
    whole = {**own, "properties": properties, "$defs": {**shared, **own["$defs"]}}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
