"""State, outbox, inbox and history."""
