"""What the last layer can predict, beside what its loss and its targets ask for."""
