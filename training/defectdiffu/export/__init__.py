"""A trained model as a bundle of ONNX files."""
