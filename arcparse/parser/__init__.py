"""The arc-standard parser."""
