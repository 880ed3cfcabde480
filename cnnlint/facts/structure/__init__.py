"""What stands where: paths, runs and joins, where a network begins and where it ends."""
