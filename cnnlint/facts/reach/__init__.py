"""How far each number sees, axis by axis; the door is :mod:`cnnlint.facts.reach.receptive`."""
