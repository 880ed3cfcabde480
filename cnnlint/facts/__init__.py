"""What follows from the model: pure functions, computed once and only when asked."""
