"""How maps get smaller: which positions a window reads, and how a pool stands."""
