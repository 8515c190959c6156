"""Model files in: .keras archives and HDF5, read without running anything in them."""
