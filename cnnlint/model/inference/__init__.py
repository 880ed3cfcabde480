"""Shape inference by operator: a table of pure functions, and the folding of small constants.

A new operator has its shape here: in ``window`` (convolution), ``pooling`` (pooling, unpooling,
regions, grids), ``matrix`` (products, recurrent cells), ``attention``, ``layout`` (reshape,
concat), ``resizing`` (resize, upsample), ``selecting`` (gather, reduce, top-k), ``signals``
(Fourier transforms) or, if it keeps the shape of its input, in ``handlers``; its output types in
``dtypes``. What it takes stands in ``model/schemas.txt``.
"""
