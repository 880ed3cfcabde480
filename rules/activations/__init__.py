"""Activations: what stands between two layers."""
