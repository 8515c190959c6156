"""Model files and data files, read without running any code in them."""
