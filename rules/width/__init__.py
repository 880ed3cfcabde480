"""Widths, memory and hardware."""
