"""Broken and odd models by the thousand: whatever comes in, a report or a refusal comes out.

::

    python -m fuzz --minutes 60 --jobs 2

Inputs are of three kinds: the bytes of a model changed (:mod:`fuzz.wire`), its protobuf messages
changed (:mod:`fuzz.structure`), and single operators with random operands and attributes
(:mod:`fuzz.operators`). Input number n of a seed is the same on every machine, so what fails can
be made again. :mod:`fuzz.target` says what counts as a failure.

Why not a coverage-guided fuzzer (atheris): it mutates bytes, and nearly all that it makes ends in
the wire walk, which is 200 lines; what lies behind wants models that parse and are odd in one
place. It is one dependency of 35 MB more besides. What limits the workers is Linux's, so that this
runs on Linux only.
"""
