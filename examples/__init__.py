"""Small programs that show how to learn with this library."""
