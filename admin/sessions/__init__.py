"""Who may steer: the first user, signing in and out, sessions, and the fence against guessing and foreign pages."""
