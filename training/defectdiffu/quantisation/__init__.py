"""Variants of a bundle's graphs in cheaper arithmetic, and what they cost in quality."""
