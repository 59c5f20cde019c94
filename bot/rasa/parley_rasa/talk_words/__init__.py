"""What people say in a talk besides answers: one module a language, and the shape they share. Data only."""
