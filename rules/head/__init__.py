"""Head and output: how a map becomes an answer."""
