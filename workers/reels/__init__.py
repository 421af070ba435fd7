"""Sheets and movies: one picture, or one film, of all frames of a layer, from their thumbnails."""
