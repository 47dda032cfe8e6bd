"""The learned segmenter, from a text to tokens, words and sentences.

model       the network and its use; it has nothing to search
multiwords  multiword tokens and their words
task        training
"""
