"""How short a vector may be: linear reductions of pooled features, dimension against recall and bytes."""
