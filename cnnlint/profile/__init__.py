"""What a model costs on this machine. The only room that imports onnxruntime, and late."""
