"""Weights on disk: training runs, bundles and published checkpoints."""
