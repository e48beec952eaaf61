"""How the scripts understand what was asked, and how they answer: the command line, its messages, the tables at the end."""
