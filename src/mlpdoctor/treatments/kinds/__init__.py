"""The kinds of treatment, one file each."""
