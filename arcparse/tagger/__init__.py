"""The neural n-gram tagger."""
