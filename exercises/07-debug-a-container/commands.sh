# Commands as in a terminal, one a line. They are run in this folder; the broken container `parcels` runs already.
docker ps
