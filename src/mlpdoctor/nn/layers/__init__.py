"""What each kind of Keras layer is: its weights, its shape, its forward pass, and whether it is affine."""
