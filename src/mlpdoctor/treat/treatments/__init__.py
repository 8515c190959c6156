"""The treatments there are: what each changes, and for which findings."""
