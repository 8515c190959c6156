"""Data files in: text tables, Parquet, Arrow, NumPy."""
