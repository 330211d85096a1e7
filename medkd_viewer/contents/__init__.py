"""What a file holds besides its picture: its tags, its text, the steps from values to grey."""
