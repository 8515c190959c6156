"""Values derived once from statistics, the network, or further passes over the data."""
