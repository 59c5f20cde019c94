"""What each kind of step does with a set of people who stand on it. A new kind is a module and a line in `table`."""
