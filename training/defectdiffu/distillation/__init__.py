"""Distillation: a student that draws in few steps of one row what the teacher draws in many of three."""
