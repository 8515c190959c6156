"""Where the model stands on the loss ladder."""
