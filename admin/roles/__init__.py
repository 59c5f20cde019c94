"""Roles: the shipped ones, and those a site makes itself."""
