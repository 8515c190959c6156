"""How the loss bends along the weights: products with its second derivative, and what they say of the rate."""
