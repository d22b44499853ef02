"""Many submissions at once: what a class handed in, read as data; who was late; who hands in what others did."""
