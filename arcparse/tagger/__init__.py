"""The neural tagger.

system       tagging from left to right as a transition system, and its state
settings     the settings of a tagger
network      all that has weights
description  a saved tagger without its weights: settings and vocabularies
model        network, vocabularies and search: the tagger that is saved and loaded
task         training and jackknifing
preparation  words as the Google News vectors know them
dictionary   a user's dictionary of forms with their tags
"""
