"""The one Report, and a renderer a file for each format that it is shown in."""
