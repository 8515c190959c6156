"""The data themselves."""
