"""Width: channels, memory and where the work is."""
