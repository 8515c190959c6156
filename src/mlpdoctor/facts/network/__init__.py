"""What the graph of layers allows, whatever the data."""
