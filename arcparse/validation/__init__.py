"""Find the faults of a CoNLL-U file by the tests of levels 1 and 2 of Universal Dependencies' validator (`udtools`).

Level 1 tests the format alone. Level 2 tests the tree, the universal tags and relations, and the form of features, of
the enhanced graph and of the metadata. Problems have the names that `udtools` gives them. After some faults `udtools`
skips the rest of a sentence; here the rest is tested as far as possible, so that a file can be mended in one pass. On
a treebank without such faults both find the same problems. Tests of parallel sentences and warnings are left out.
https://universaldependencies.org/contributing/validation.html

    block     the lines of a sentence, and a problem
    lines     level 1: encoding, lines, columns, numbering
    cells     level 2: the values of one cell
    graph     level 2: heads, the tree and the enhanced graph
    metadata  level 2: comments, and `# text` compared with the forms
    run       all tests in their order
"""

from __future__ import annotations

from arcparse.validation.block import Problem
from arcparse.validation.run import validate

__all__ = ["Problem", "validate"]
