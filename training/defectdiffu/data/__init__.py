"""Photographs: the folder layout, its splits, and the windows that are cut from it."""
