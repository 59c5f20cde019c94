"""What groups of messages by meaning are made of. Never imports Rasa: the program starts in a second."""
