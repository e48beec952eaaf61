"""How the scripts understand what was asked, and how they answer."""
