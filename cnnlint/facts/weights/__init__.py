"""What the file stores: parameters, and the numbers in them."""
