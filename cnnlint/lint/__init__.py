"""What we say about a model: rules, findings, and the engine that gets one from the other."""
