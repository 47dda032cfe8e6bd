"""The learned segmenter, from a text to tokens, words and sentences.

settings    the settings of a segmenter
division    from the classes of characters to tokens and sentences
model       the network and its use; it has nothing to search
multiwords  multiword tokens and their words
task        training
"""
