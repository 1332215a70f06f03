"""What the process says of itself while it works: logs, counters, spans."""
