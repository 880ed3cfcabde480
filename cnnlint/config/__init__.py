"""What a team has agreed on: from TOML and options to settings for the rules and the gate.

Nothing here runs code: what is found above a model may come from the stranger who made it.

============================== ==================================================
``planner``                    the door: how each model is checked
``files``, ``places``          which file is for a model; in which line a value stands
``layers``, ``given``          what one file or option says, and those that it extends
``folding``, ``selection``     what all of them say together; which rules are on
``keys``                       the one table of what may be said, made of ``tables``
``kinds``, ``ruled``           kinds of values; those that mean rules
``budgets``, ``amounts``       how limits are written
``suppressions``               how suppressions are written
``exclude``                    what is left out of folders
``schema``, ``starter``        the table of keys for editors, and as a file to begin with
``show``, ``written``          what holds, and who says so; values as TOML writes them
============================== ==================================================
"""
