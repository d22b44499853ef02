"""What a notebook shows of an exercise. Views only: what is true is decided elsewhere."""
