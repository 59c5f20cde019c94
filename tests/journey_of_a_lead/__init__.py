"""The whole way of one lead, through real processes: browser, web, Rasa, PostgreSQL, worker, SMTP."""
