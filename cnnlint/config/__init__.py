"""What a team has agreed on: from TOML to settings that the rules and the gate understand.

``keys`` is the one table of what may be said, made of the ``kinds`` of values; reading a file, its
JSON Schema and the starter file all come from it, and a file becomes a ``Given``. Amounts such as
``1.8G`` are read in ``amounts``. Nothing here looks for files, runs code or prints.
"""
