"""The transition-based parser.

configuration  the state of a parse: stack, buffer, arcs
systems        transition systems by name; actions: their actions as numbers
arc_standard   the projective system and its oracle
swap           the system with reordering, which builds every tree
settings       the settings of a parser
templates      feature templates; features: the tokens that they look at
scorer         the scores of actions from features
network        all that has weights
description    a saved parser without its weights: settings, vocabularies, labels
model          network, vocabularies and search: the parser that is saved and loaded
parse          the results of parsing
nbest          the best trees of a beam and their probabilities; temperature fits these
task           training
trace          a derivation step by step; beam_trace: a whole beam
search_errors  wrong trees, by their cause
linearisation  trees as sequences of symbols
"""
