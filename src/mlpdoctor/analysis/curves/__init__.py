"""What a training curve says by itself: level, slope, swings, turns. NumPy alone, each with its error bar."""
