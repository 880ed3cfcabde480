"""Which activations there are, whatever their spelling, and what each is there for."""
