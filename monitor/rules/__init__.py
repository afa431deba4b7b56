"""Rule files, their language, and the life of an alert."""
