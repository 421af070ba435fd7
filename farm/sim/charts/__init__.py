"""Runs as pictures, drawn with Pillow, which the farm needs anyway, and a page that holds them."""
