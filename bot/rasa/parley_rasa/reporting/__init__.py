"""What the report and the grouping of gaps are made of. Never imports Rasa: these programs start in a second."""
