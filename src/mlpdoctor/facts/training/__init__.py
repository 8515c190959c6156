"""How the weights came about and where they would go: gradients, curvature, trial updates."""
