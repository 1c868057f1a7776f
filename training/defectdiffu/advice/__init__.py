"""Tells users whether samples make a detector of their own photographs better, and how to use them."""
