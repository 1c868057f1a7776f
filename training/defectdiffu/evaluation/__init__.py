"""Evaluation of a trained model: image quality, masks, strength, and detectors trained with its samples."""
