"""DefectDiffu training: defect images with masks, from a folder in the MVTec AD layout to ONNX files."""

__version__ = "1.0.0"  # that of package.json
