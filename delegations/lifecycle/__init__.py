"""From invitation to closing: states, quotas, umbrellas."""
