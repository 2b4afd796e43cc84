"""What spans files: facts, symbols, the call graph. Knows no grammar and no rule."""
