"""How a delegation is made up: components, women, youth, South and North; rules that warn or bind."""
