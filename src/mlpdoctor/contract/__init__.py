"""The output's contract: what the last activation answers, what the loss reads, what the targets are."""
