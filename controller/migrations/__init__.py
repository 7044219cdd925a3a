"""Migrations of the database, one file each, run at every start."""
