"""Lower bounds on the loss, each with the solution that reaches it."""
