"""DefectDiffu training: defect images with masks, from a folder in the MVTec AD layout to ONNX files."""

__version__ = "0.1.0"
