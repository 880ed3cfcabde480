"""What follows from the model: pure functions, computed once and only when asked.

A map of the house; each folder says more, and each file is one idea. tests/test_layers.py has the
order in which they know each other:

=============== =================================================================
``facts``       the one door: all that a rule or a report asks, and what it costs
``network``     the part of it that says where layers stand and what they see
``datapath``    the part of it that says which nodes and layers work on data
``layers``      typed views of the layers: convolution, pool, dense, recurrent
``dataflow``    which tensors carry data, and the size of a tensor in bytes
``flaws``       what can't run as it stands
``counting``    MACs and FLOPs of every operator, and of loops and branches
``reach``       receptive fields, and runs at other sizes of the input
``memory``      bytes that a run takes, and training
``weights``     parameters, and the numbers that the file stores
``activations`` activations, gates and attention: what each is there for
``structure``   what stands where: runs, joins, beginnings, ends, linear pairs
``sampling``    how maps get smaller: windows, strides, pools and borders
``remedies``    other layers in place of those there are, and what they cost
``training``    the recipe, and what in the file tells of training
``measures``    what a model costs, and why that may be more than is known
=============== =================================================================
"""
