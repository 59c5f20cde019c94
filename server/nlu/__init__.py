"""What `parley nlu` shows of a report on examples: in the terminal and as a page. Measures nothing."""
