"""The first act: what a source hands in becomes articles, revisions and journal rows."""
