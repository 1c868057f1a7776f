"""What a trained model is worth: quality, masks, strength, and the detectors that its pictures train."""
