"""What the guard does with each request of the Engine API, one module for each part of it."""
