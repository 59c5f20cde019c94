"""Who belongs together by what is known of them: typed rules, in words, in SQL, and kept true as things happen."""
