"""Normalisation: what folds into a layer, and what still trains."""
