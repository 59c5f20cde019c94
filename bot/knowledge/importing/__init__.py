"""Makes articles of what others keep: Markdown, web pages, tables of questions and answers. Stores nothing."""
