"""The transition-based parser.

configuration  the state of a parse: stack, buffer, arcs
systems        transition systems by name; actions: their actions as numbers
arc_standard   the projective system and its oracle
swap           the system with reordering, which builds every tree
features       the tokens that the network looks at
scorer         the scores of actions from features
network        all that has weights
model          network, vocabularies and search: the parser that is saved and loaded
nbest          the best trees of a beam and their probabilities; temperature fits these
task           training
trace          a derivation step by step; beam_trace: a whole beam
search_errors  wrong trees, by their cause
linearisation  trees as sequences of symbols
"""
