"""The JSON Schema (draft 2020-12) of what ``check --format json`` prints, as it ships with the package."""

from pathlib import Path

FILE = Path(__file__).with_name("schema.json")


def text() -> str:
    """The schema as JSON text that ends in a newline."""
    return FILE.read_text(encoding="utf-8")
