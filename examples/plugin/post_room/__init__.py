"""Two plugins for syndicate: a source and a transport."""
