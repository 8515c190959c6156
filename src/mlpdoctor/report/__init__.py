"""A report, drawn: for people in a terminal, for programs as JSON."""
