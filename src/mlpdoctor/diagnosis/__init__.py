"""The run: resolve facts, run checks, rank findings, sum up."""
