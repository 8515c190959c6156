"""Mergeable summaries of what a batch shows, each a frozen record with `of` and `+`."""
