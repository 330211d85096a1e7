"""What a student is corrected by: labels, teachers' answers, features and maps."""
