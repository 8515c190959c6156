"""Units on the data."""
