"""Brings data sets of other layouts into the MVTec AD layout, which all commands read."""
