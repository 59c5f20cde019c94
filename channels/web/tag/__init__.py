"""The tag: what visitors look at, told by the site's own pages and kept only of people who agreed to it."""
