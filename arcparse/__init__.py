"""arcparse: transition-based dependency parsing on one beam search."""
