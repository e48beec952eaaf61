"""What watches or steers a run; no model needs one to work."""
