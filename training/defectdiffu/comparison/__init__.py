"""Compares what a detector gains from synthetic windows with what it gains without them, under equal conditions."""
