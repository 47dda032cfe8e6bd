"""Training: one loop for every model.

loop          epochs, evaluation, averaging, early stopping, checkpoints, resuming
optimisation  settings, learning rates, averaged weights
losses        local, global and CRF objectives over a transition system
snapshot      the state of a run on disk
log           TensorBoard's log of a run, read again
"""
