docker restart parcels
