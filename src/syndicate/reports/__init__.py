"""What operators are shown, by commands, pages and collectors: looked up here, decided elsewhere."""
