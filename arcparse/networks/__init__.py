"""Parts of networks: vectors of words, encoders, attention, decoders; no search and no files of treebanks.

settings        the settings of networks; chosen: those of an encoder
words           the tokens of a batch as tensors
padding         rows of different lengths as one tensor
tags            the tags of a batch as tensors, and the layer that predicts them
encoder         forms to vectors, and the encoders "none" and "bilstm"
embeddings      embeddings that start from pretrained vectors
source_encoder  the symbols of a source to a memory
memory          the vectors of a source, and the readings of an output
attention       the weights of a source's vectors
decoder         a memory and the symbols so far to scores of the next one
recurrent       RNN, LSTM and GRU layers
transformer     the Transformer's layers
regularisation  dropouts of recurrent networks
weights         weights to be saved, of a saved model, or of another network
precision       products of bfloat16, on processors that support them
"""
