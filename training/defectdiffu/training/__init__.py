"""Training: the latent cache, batches, the loss (Eq. 11), the schedule and the training loops."""
