"""Graph hygiene: what the file says twice, in vain, or so that nothing can run it."""
