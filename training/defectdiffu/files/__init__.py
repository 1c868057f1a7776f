"""File formats: atomic writes, JSON, TOML, ONNX, and folders of pretrained weights."""
