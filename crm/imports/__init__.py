"""People from files and into files: cleansed, without duplicates, and to be undone."""
