"""The command line: parses, calls, prints, exits. Heavy imports happen in the commands."""
