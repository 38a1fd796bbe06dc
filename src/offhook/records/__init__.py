"""What is kept: tables, the recorder that turns facts into rows, and a repository for each kind of row."""
