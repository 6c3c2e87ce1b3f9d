"""What none of the four papers has: their methods side by side under one budget of labels."""
