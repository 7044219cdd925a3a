"""Figures of the line by ISO 22400: what machines did with their time, from operations, states and findings."""
