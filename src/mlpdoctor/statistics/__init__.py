"""Mergeable summaries of what a batch shows: one small file each."""
