"""Everything that a model knows of words and tags as symbols with ids; no networks, and no torch.

forms       forms to ids: words, affixes, shapes, characters
pretrained  word vectors of a model directory; stores: from a store, and for inspection
tags        the tag columns of sentences as ids
symbols     vocabularies of words or characters, for sources and outputs
"""
