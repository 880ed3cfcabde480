"""Memory that activations take while a model runs, and what training takes."""
