"""What the loss could be: the rungs, and where the model stands."""
