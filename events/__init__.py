"""Gatherings: series and editions, registration, fees, programme, badges and the welcome desk."""
