"""A linter and profiler for convolutional networks exported to ONNX."""

__version__ = "0.1.0"
