"""What the last layer can answer, beside what its loss and its targets ask for."""
