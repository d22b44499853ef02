# Commands as in a terminal, one a line. They are run in this folder, with a docker of their own that is empty.

# 1. Build the image jukebox:1.0.

# 2. Run its self-test once.

# 3. Start it.

