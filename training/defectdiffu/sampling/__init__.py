"""Drawing samples: guidance (Eq. 4), samplers, masks, and drawing on photographs."""
