"""Training: one loop for every model.

loop          epochs, evaluation, averaging, early stopping, checkpoints, resuming
progress      the state of a run, and its reports
optimisation  settings, learning rates, averaged weights
losses        local, global and CRF objectives over a transition system
snapshot      the state of a run on disk
log           TensorBoard's log of a run, read again
"""
