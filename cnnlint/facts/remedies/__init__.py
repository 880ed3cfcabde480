"""Other layers in place of those there are, and what they cost."""
