"""Reports for people at a terminal, drawn with rich."""
