"""Who came to a gathering asks to join a delegation to the next one; its head answers."""
