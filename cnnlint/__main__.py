"""``python -m cnnlint``."""

from cnnlint.cli.main import main

main()
