"""The language of dialogues and journeys: typed models, checks, and the compiler to what the bot and outreach run."""
