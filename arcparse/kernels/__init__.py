"""Compiled loops of the hot path: products, encoders and the beam search, in C++ with a C interface.

`arcparse.search`, the transition systems and the networks in torch stay the definition; tests hold the kernels equal to
them. A kernel knows no model: it gets arrays and small tables that describe one. Without a compiled library nothing is
lost but speed.

library   finds the library that suits the processor
build     compiles the libraries
source/   the C++ code
"""
