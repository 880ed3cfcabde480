"""How each kind of operator is counted; the door is :func:`cnnlint.facts.counting.cost.cost`."""
