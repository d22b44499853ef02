"""Learn Docker by doing: exercises and checks on a real Docker Engine."""
