"""What the file says: ONNX bytes become a typed graph with every shape known."""
