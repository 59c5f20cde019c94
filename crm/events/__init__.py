"""Events from outside: who sends them, whom they are about, what they hold."""
