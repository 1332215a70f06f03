"""The second act: what changed in the journal becomes documents, and files of them."""
