"""What came of all the talks, journeys and messages, counted for the API. Counts in sets; changes nothing."""
