"""The JSON Schema (draft 2020-12) of what ``compare --format json`` prints; what it shares with ``check`` is its."""

import json
from pathlib import Path

from mlpdoctor.report.json import schema

FILE = Path(__file__).with_name("comparison_schema.json")
OF_CHECK = ("code", "name", "severity", "tool", "model", "data")
"""Parts that mean what they mean in the JSON of ``check``."""


def text() -> str:
    """The schema as JSON text that ends in a newline."""
    own, other = (json.loads(file.read_text(encoding="utf-8")) for file in (FILE, schema.FILE))
    shared = {name: other["$defs"][name] for name in OF_CHECK}
    return json.dumps({**own, "$defs": {**shared, **own["$defs"]}}, indent=2, ensure_ascii=False) + "\n"
