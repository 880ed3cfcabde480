"""Kernels and factorisation: how a layer spends its multiply-adds."""
