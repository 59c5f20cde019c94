"""A person has the talk: who is asked for, who takes it, and how it goes back to the bot."""
