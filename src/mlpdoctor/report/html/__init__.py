"""A report as one self-contained page, and as a piece of one for notebooks."""
