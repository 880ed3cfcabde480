"""Stride, pooling and upsampling: how the resolution changes."""
