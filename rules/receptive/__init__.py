"""Receptive field and resolution: what a layer can see."""
