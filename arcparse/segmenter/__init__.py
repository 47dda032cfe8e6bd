"""The segmenter: a network over characters that divides raw text into sentences and tokens."""
