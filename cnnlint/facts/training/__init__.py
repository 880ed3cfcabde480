"""How a model was trained: its recipe, and what in the file tells of training."""
