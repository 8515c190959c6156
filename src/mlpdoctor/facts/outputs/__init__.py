"""The outputs: their losses, and whether activation, loss and targets fit."""
