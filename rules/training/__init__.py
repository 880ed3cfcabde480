"""Training: what the file alone can't show."""
