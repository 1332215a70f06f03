"""The web side: documents from memory, and the pages for machines and people."""
