"""Quantisation: a bundle's graphs in int8 and float16, and the measured cost in quality."""
