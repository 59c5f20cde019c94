"""What the report on examples is made of. Never imports Rasa: the program starts in a second."""
