"""Floor 0, pure: what is news, how bad it is, when to look again, and what is said of it."""
