"""Fifteen answers on one screen, for whoever asks."""
