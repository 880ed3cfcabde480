"""What we say about a model: rules, findings, and the engine that gets one from the other.

=========================== =====================================================
``engine``, ``why``         run the rules on a model, or one on a layer
``rule``, ``finding``       what a rule is, and what it says; ``remarks`` checks that
``registry``, ``others``    where rules come from: our own, folders, packages
``presets``, ``targets``    ready-made settings, by aim and by machine
``recipes``                 how models were trained, from files
``gate``                    what of the findings counts: asks those below, in order
``suppress``, ``useless``   what the configuration accepts, and what of that is in vain
``exempt``                  what a model itself asks to ignore
``baseline``, ``matching``  what is known, and which finding is which entry
``growth``                  when a cost has grown
``ratchet``                 how a baseline is made and pruned; ``baseline_file`` is its file
``budget``, ``limit``       what a model may cost; ``reference`` is another model's cost
``patterns``                which files and layers are meant
``toml``, ``reading``       files that people write, read with care
=========================== =====================================================
"""
