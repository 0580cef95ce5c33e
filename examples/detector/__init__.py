"""A small one-stage detector, trained with YOLOv8's criterion in JAX, in PyTorch, and its head in NumPy alone."""
