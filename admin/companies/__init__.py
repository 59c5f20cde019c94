"""Companies with their people, as colleagues look at them and change them. The rules are crm's."""
