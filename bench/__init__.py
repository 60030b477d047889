"""Measurements. `python -m bench` runs them all; each speed stands beside a floor taken in the same run."""
