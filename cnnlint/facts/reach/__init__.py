"""The parts that receptive fields are made of; :mod:`cnnlint.facts.receptive` is their door."""
