"""Normalisation and what can be folded."""
