"""Depth, width and skip connections: whether gradients find a way."""
