"""DefectDiffu training: few-shot defect images with masks, from a folder in the MVTec AD layout to a bundle of ONNX files."""

__version__ = "0.1.0"
