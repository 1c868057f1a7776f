"""The networks: autoencoder, denoiser (TDIA) and text encoder, and the noise schedule they share."""
