"""Model files, data files and training histories, read without running any code in them."""
